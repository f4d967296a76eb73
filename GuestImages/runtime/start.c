/* Where boot.S arrives at CPL 3. */
#include "start.h"

#include "print.h"

const struct boot_information *boot_information;

int main(void);

__attribute__((noreturn)) void start_first_processor(const struct boot_information *information)
{
    boot_information = information;
    end_run(main());
}
