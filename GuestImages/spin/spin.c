/* spin: a guest that never gives control back. Only the VMM's time limit ends it. */
#include "cpu.h"
#include "keys.h"

static void spin(void)
{
    for (;;)
        asm volatile("pause");
}

/* With interrupts off nothing wakes the processor but an NMI; if one does, it sleeps again. */
static void sleep(void)
{
    for (;;)
        asm volatile("hlt");
}

int main(void)
{
    enum { CPL3, CPL0, HLT };
    switch (choice_key("mode")) {
    case CPL3: spin(); break;
    case CPL0: at_cpl0(spin, 0, 0); break;
    case HLT: at_cpl0(sleep, 0, 0); break;
    }
    return 0;
}
