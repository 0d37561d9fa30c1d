#include <stdbool.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "mux.h"

/* A peer that is silent for a while is asked what it has, ever more seldom: it may be a machine that is paused. */
enum { FIRST_TURN_MS = 100, MAX_SILENT_TURNS = 5, MS_PER_S = 1000, NS_PER_MS = 1000000 };

int mux_timer_open(struct mux *mux)
{
	mux->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	return mux->timer < 0 ? -1 : 0;
}

void mux_timer_close(struct mux *mux)
{
	if (mux->timer >= 0)
		close(mux->timer);
	mux->timer = -1;
}

static bool waits(const struct mux *mux)
{
	if (mux->dialer && !mux->up)
		return mux->streams != NULL;
	if (mux->framing.reliable)
		return false;
	return mux->first != NULL || mux->received_end > mux->received_start;
}

void mux_timer_update(struct mux *mux)
{
	if (mux->armed || mux->timer < 0 || !waits(mux))
		return;
	unsigned turns = mux->silent_turns < MAX_SILENT_TURNS ? mux->silent_turns : MAX_SILENT_TURNS;
	long delay_ms = (long)FIRST_TURN_MS << turns;
	const struct itimerspec when = {.it_value = {delay_ms / MS_PER_S, delay_ms % MS_PER_S * NS_PER_MS}};
	mux->progress = false;
	mux->armed = timerfd_settime(mux->timer, 0, &when, NULL) == 0;
}
