/* What every program does around its TypeScript: arguments, promise jobs, uncaught exceptions. */
#ifndef RUNV_PROGRAM_H
#define RUNV_PROGRAM_H

#include "quickjs.h"

/* Status of a program that an exception ended (EX_SOFTWARE of sysexits.h). */
enum { RUNV_EXIT_UNCAUGHT = 70 };

/* The program's arguments, as main got them. */
extern char **runv_arguments;

/* Runs promise jobs until there are none; exceptions and unhandled rejections are reported. */
void runv_run_jobs(JSContext *ctx);

/* Hands an exception to the loop's handler, or, without one, prints it and ends the program. Takes the value. */
void runv_report_uncaught(JSContext *ctx, JSValue exception);

/* Sets (JS_UNDEFINED: removes) the function that gets uncaught exceptions; takes the value. */
void runv_set_uncaught_handler(JSContext *ctx, JSValue handler);

/* Calls a function of no result and runs the promise jobs that follow. Takes the arguments, not the function. */
void runv_call(JSContext *ctx, JSValueConst function, int count, JSValue *arguments);

#endif
