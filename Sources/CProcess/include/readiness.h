// What `ReadinessLoop` needs of epoll(7) and eventfd(2): one-shot registrations, each with a tag.
#ifndef CPROCESS_READINESS_H
#define CPROCESS_READINESS_H

#include <stdint.h>

/// A new epoll descriptor, or -errno.
int cprocess_poller_open(void);
/// Reports `tag` once, when `descriptor` is readable, hung up or in error. Replaces what was asked for
/// this descriptor before. 0 or -errno (EPERM: a kind of file that is always ready).
int cprocess_poller_watch(int poller, int descriptor, uint64_t tag);
/// Reports nothing more for `descriptor`. 0 or -errno.
int cprocess_poller_forget(int poller, int descriptor);
/// Waits without limit and writes the tags of what is ready. Their number, or -errno.
int cprocess_poller_wait(int poller, uint64_t *_Nonnull tags, int capacity);

/// A new eventfd, or -errno.
int cprocess_event_open(void);
/// Makes an eventfd readable. 0 or -errno.
int cprocess_event_signal(int event);

/// Runs `body` on a new detached thread with every signal blocked but those that tell a fault of the
/// thread itself. 0 or an errno, as pthread_create.
int cprocess_start_thread(const char *_Nonnull name, void (*_Nonnull body)(void *_Nonnull), void *_Nonnull context);

#endif
