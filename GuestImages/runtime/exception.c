/* An exception that the image does not expect: says what is known about it and ends the run with status 30. */
#include <stdint.h>

#include "cpu.h"
#include "print.h"

/* What the processor pushes (SDM volume 3, "64-Bit Mode Stack Frame") below what the stub in tables.S adds. */
struct exception_frame {
    uint64_t vector, error_code;
    uint64_t rip, cs, rflags, rsp, ss;
};

enum { STATUS_EXCEPTION = 30 };

/* Called at CPL 0 by boot.S. */
__attribute__((noreturn)) void report_exception(const struct exception_frame *frame)
{
    print("exception %lu, error code 0x%lx, RIP 0x%lx, CPL %lu, CR2 0x%lx\n", frame->vector, frame->error_code,
          frame->rip, frame->cs & 3, read_cr2());
    end_run(STATUS_EXCEPTION);
}
