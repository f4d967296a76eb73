/* The device of swiftvmm bench, Sources/Experiments/Bench/BenchDevice.swift: docs/bench.md, "The device". */
#ifndef DEVICE_H
#define DEVICE_H

#define BENCH_MARK 0x600    /* byte: what begins or ends now */
#define BENCH_RENEW 0x601   /* byte, any: memory shall be untouched again */
#define BENCH_SAMPLES 0x604 /* 32 bits: address of the samples of the baseline, those of the operation follow */
#define BENCH_REQUEST 0x608 /* 32 bits: address of the word by which the guest asks for an interrupt */
#define BENCH_IRQ 10        /* pulsed in answer */

enum { MARK_END, MARK_BASELINE, MARK_OPERATION };

#endif
