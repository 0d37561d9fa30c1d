/* Promises that were rejected and that nobody handles: an uncaught exception like any other. */
#ifndef RUNV_REJECTIONS_H
#define RUNV_REJECTIONS_H

#include "quickjs.h"

void runv_track_rejections(JSRuntime *runtime);

/* Reports the rejections that are still unhandled now that the promise jobs have run. True if there were any. */
int runv_report_rejections(JSContext *ctx);

#endif
