// The last words of a process that a signal of its own making ends.
#ifndef CPROCESS_CRASH_H
#define CPROCESS_CRASH_H

/// From now on SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT and SIGTRAP write one line to standard error and
/// then do what they did before. Uses an alternate stack on the calling thread.
void cprocess_speak_of_crashes(void);

#endif
