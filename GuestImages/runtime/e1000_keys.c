/* The keys of the E1000 images. */
#include "e1000.h"

#include "keys.h"
#include "sizes.h"

struct e1000_options e1000_keys(bool transmits)
{
    struct e1000_options options = {
        .driver = choice_key("driver"),
        .batch = number_key("batch"),
        .by_ports = choice_key("window") == 1,
        .by_message = choice_key("vector") == 1,
        .itr = number_key("itr"),
        .tidv = transmits ? number_key("tidv") : 0,
        .tadv = transmits ? number_key("tadv") : 0,
        .rdtr = number_key("rdtr"),
        .radv = number_key("radv"),
    };
    if (choice_key("irq") == 1 && options.driver == NAIVE)
        fail("driver=naive polls ICR; irq=1 goes with driver=tuned");
    if (choice_key("irq") == 1)
        options.driver = INTERRUPT;
    if (transmits)
        options.each_doorbell = choice_key("doorbell") == 1;
    return options;
}
