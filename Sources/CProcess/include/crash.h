// Logs a crash before the process ends.
#ifndef CPROCESS_CRASH_H
#define CPROCESS_CRASH_H

/// Installs handlers for SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT and SIGTRAP that write one line to standard
/// error and then let the signal have its previous effect. Sets an alternate stack for the calling thread.
void cprocess_speak_of_crashes(void);

#endif
