/* A program from its start to its end: the parts that know nothing of JavaScript. */
#ifndef RUNV_RUN_CAPTURED_H
#define RUNV_RUN_CAPTURED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "args.h"

enum { RUNV_CAPTURED_STREAMS = 2 };

struct runv_captured_program {
	const char *path;
	char **args;
	char **env;
};

/* What it writes, as far as there is room. */
struct runv_captured_stream {
	uint8_t *data;
	size_t length;
	size_t capacity;
};

struct runv_captured {
	pid_t pid;
	int status; /* as waitpid(2) has it */
	bool timed_out;
	bool cancelled;
	int64_t deadline_ms; /* of CLOCK_MONOTONIC; -1: none */
	struct runv_bytes input;
	size_t fed;
	int pipes
	        [1 +
	         RUNV_CAPTURED_STREAMS]; /* our ends of its stdin, stdout, stderr, non-blocking; -1: closed */
	struct runv_captured_stream streams[RUNV_CAPTURED_STREAMS];
};

int64_t runv_captured_now_ms(void);
/* `child_signal` is a non-blocking signalfd(2) of SIGCHLD, which is blocked; `cancel` is -1 or a descriptor that becomes readable. The program
 * has been reaped afterwards. */
void runv_captured_wait(struct runv_captured *run, int child_signal, int cancel);
_Noreturn void runv_captured_execute(const struct runv_captured_program *program, const int ends[3],
                                     int failure);

#endif
