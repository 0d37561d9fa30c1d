#include "loop.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "program.h"
#include "timers.h"

enum { MAX_EVENTS_PER_TURN = 64, FIRST_TABLE_SIZE = 32 };

struct watch {
	runv_ready_fn *ready; /* NULL: not watched */
	void *opaque;
	uint32_t events;
	uint32_t generation; /* tells a watch from an earlier one of the same descriptor */
	bool in_epoll;
	bool always_ready;
};

struct pending {
	int fd;
	uint32_t generation;
	uint32_t events;
};

static struct {
	int epoll_fd;          /* plus one: 0 is none yet */
	struct watch *watches; /* by descriptor */
	int size;
	int always_ready_count;
	bool running;
	uint32_t epoch; /* changes in a forked child */
} loop;

static int epoll_descriptor(void)
{
	if (loop.epoll_fd == 0) {
		int fd = epoll_create1(EPOLL_CLOEXEC);
		if (fd < 0)
			return -1;
		loop.epoll_fd = fd + 1;
	}
	return loop.epoll_fd - 1;
}

static struct watch *watch_of(int fd)
{
	return fd >= 0 && fd < loop.size && loop.watches[fd].ready ? &loop.watches[fd] : NULL;
}

static int make_room(int fd)
{
	if (fd < loop.size)
		return 0;
	int size = loop.size ? loop.size : FIRST_TABLE_SIZE;
	while (size <= fd)
		size *= 2;
	struct watch *grown = realloc(loop.watches, (size_t)size * sizeof *grown);
	if (!grown)
		return -1;
	memset(grown + loop.size, 0, (size_t)(size - loop.size) * sizeof *grown);
	loop.watches = grown;
	loop.size = size;
	return 0;
}

static void set_always_ready(struct watch *watch, bool on)
{
	if (watch->always_ready != on)
		loop.always_ready_count += on ? 1 : -1;
	watch->always_ready = on;
}

static int apply(int fd, struct watch *watch)
{
	int epoll_fd = epoll_descriptor();
	if (epoll_fd < 0)
		return -1;
	struct epoll_event event = {.events = watch->events};
	event.data.u64 = (uint64_t)watch->generation << 32 | (uint32_t)fd;
	if (watch->events == 0) {
		if (watch->in_epoll)
			epoll_ctl(epoll_fd, EPOLL_CTL_DEL, fd, &event);
		watch->in_epoll = false;
		set_always_ready(watch, false);
		return 0;
	}
	if (epoll_ctl(epoll_fd, watch->in_epoll ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) == 0) {
		watch->in_epoll = true;
		return 0;
	}
	if (errno != EPERM)
		return -1;
	set_always_ready(watch, (watch->events & (EPOLLIN | EPOLLOUT)) != 0);
	return 0;
}

int runv_loop_watch(int fd, uint32_t events, runv_ready_fn *ready, void *opaque)
{
	if (watch_of(fd)) {
		errno = EEXIST;
		return -1;
	}
	if (make_room(fd) < 0)
		return -1;
	struct watch *watch = &loop.watches[fd];
	watch->ready = ready;
	watch->opaque = opaque;
	watch->events = events;
	watch->generation++;
	watch->in_epoll = watch->always_ready = false;
	if (apply(fd, watch) == 0)
		return 0;
	watch->ready = NULL;
	return -1;
}

int runv_loop_rewatch(int fd, uint32_t events)
{
	struct watch *watch = watch_of(fd);
	if (!watch) {
		errno = ENOENT;
		return -1;
	}
	if (watch->events == events)
		return 0;
	watch->events = events;
	return apply(fd, watch);
}

void runv_loop_unwatch(int fd)
{
	struct watch *watch = watch_of(fd);
	if (!watch)
		return;
	watch->events = 0;
	apply(fd, watch);
	watch->ready = NULL;
}

runv_ready_fn *runv_loop_watcher(int fd)
{
	const struct watch *watch = watch_of(fd);
	return watch ? watch->ready : NULL;
}

void *runv_loop_opaque(int fd)
{
	const struct watch *watch = watch_of(fd);
	return watch ? watch->opaque : NULL;
}

/* Serves one event, unless an earlier callback of this turn made it void. */
static void serve(JSContext *ctx, const struct pending *pending)
{
	const struct watch *watch = watch_of(pending->fd);
	if (!watch || watch->generation != pending->generation || watch->events == 0)
		return;
	uint32_t events = pending->events & (watch->events | EPOLLERR | EPOLLHUP);
	if (events != 0)
		watch->ready(ctx, pending->fd, events, watch->opaque);
}

static bool still_running(uint32_t epoch)
{
	return loop.running && loop.epoch == epoch;
}

/* Copies what is ready, since callbacks change the table. */
static int collect(struct pending *pending, int timeout_ms)
{
	struct epoll_event events[MAX_EVENTS_PER_TURN];
	int count = epoll_wait(epoll_descriptor(), events, MAX_EVENTS_PER_TURN,
	                       loop.always_ready_count > 0 ? 0 : timeout_ms);
	if (count < 0)
		return errno == EINTR ? 0 : -1;
	for (int index = 0; index < count; index++) {
		uint64_t data = events[index].data.u64;
		pending[index] =
		        (struct pending){(int)(uint32_t)data, (uint32_t)(data >> 32), events[index].events};
	}
	int left = loop.always_ready_count;
	for (int fd = 0; fd < loop.size && left > 0 && count < 2 * MAX_EVENTS_PER_TURN; fd++) {
		if (!watch_of(fd) || !loop.watches[fd].always_ready)
			continue;
		pending[count++] = (struct pending){fd, loop.watches[fd].generation, EPOLLIN | EPOLLOUT};
		left--;
	}
	return count;
}

int runv_loop_run(JSContext *ctx)
{
	struct pending pending[2 * MAX_EVENTS_PER_TURN];
	const uint32_t epoch = loop.epoch;
	if (loop.running) {
		errno = EBUSY;
		return -1;
	}
	if (epoll_descriptor() < 0)
		return -1;
	loop.running = true;
	runv_run_jobs(ctx);
	while (still_running(epoch)) {
		int count = collect(pending, runv_timers_wait_ms());
		if (count < 0) {
			loop.running = false;
			return -1;
		}
		for (int index = 0; index < count && still_running(epoch); index++)
			serve(ctx, &pending[index]);
		if (still_running(epoch))
			runv_timers_run(ctx);
	}
	return 0;
}

void runv_loop_stop(void)
{
	loop.running = false;
}

bool runv_loop_running(void)
{
	return loop.running;
}

void runv_loop_abandon(JSContext *ctx, void (*release)(JSContext *ctx, runv_ready_fn *ready, void *opaque))
{
	struct watch *watches = loop.watches;
	int size = loop.size;
	if (loop.epoll_fd != 0)
		close(loop.epoll_fd - 1);
	uint32_t epoch = loop.epoch + 1;
	memset(&loop, 0, sizeof loop);
	loop.epoch = epoch;
	for (int fd = 0; fd < size; fd++) {
		if (watches[fd].ready)
			release(ctx, watches[fd].ready, watches[fd].opaque);
	}
	free(watches);
}
