/* Whole reads and writes, and descriptor flags, for every family. 0 or -1 with errno. */
#ifndef RUNV_IO_H
#define RUNV_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int runv_write_all(int fd, const uint8_t *data, size_t length);
int runv_set_nonblock(int fd, bool on);
int runv_set_cloexec(int fd, bool on);
/* close(2) that leaves errno alone. */
void runv_close_keep_errno(int fd);

#endif
