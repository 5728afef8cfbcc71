// The parts of epoll(7) and eventfd(2) that `ReadinessLoop` uses: one-shot registrations, each with a tag.
#ifndef CPROCESS_READINESS_H
#define CPROCESS_READINESS_H

#include <stdint.h>

/// A new epoll descriptor, or -errno.
int cprocess_poller_open(void);
/// Reports `tag` once, when `descriptor` is readable, hung up or in error. Replaces an earlier registration of
/// the descriptor. 0 or -errno (EPERM: a kind of file that is always ready).
int cprocess_poller_watch(int poller, int descriptor, uint64_t tag);
/// Removes the registration of `descriptor`. 0 or -errno.
int cprocess_poller_forget(int poller, int descriptor);
/// Waits without limit and stores the tags of ready descriptors. Their number, or -errno.
int cprocess_poller_wait(int poller, uint64_t *_Nonnull tags, int capacity);

/// A new eventfd, or -errno.
int cprocess_event_open(void);
/// Makes an eventfd readable. 0 or -errno.
int cprocess_event_signal(int event);

/// Runs `body` on a new detached thread that blocks every signal except those of a fault in the thread itself.
/// 0 or an errno, as pthread_create.
int cprocess_start_thread(const char *_Nonnull name, void (*_Nonnull body)(void *_Nonnull), void *_Nonnull context);

#endif
