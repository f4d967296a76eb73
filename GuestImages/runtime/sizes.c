/* The keys `size` and `tso`. */
#include "sizes.h"

#include "frame.h"
#include "keys.h"
#include "print.h"
#include "stream.h"

unsigned small_size_key(void)
{
    uint64_t size = number_key("size");
    if (size > MAXIMUM_FRAME)
        fail("size=%lu goes with tso=1; without, frames have at most %lu bytes", size, (uint64_t)MAXIMUM_FRAME);
    return size;
}

unsigned large_size_key(void)
{
    return command_line_value("size", 0) ? stream_frame_size(number_key("size")) : MAXIMUM_STREAM_FRAME;
}
