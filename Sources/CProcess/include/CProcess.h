// What Swift cannot import from Glibc: variadic system calls, GNU extensions and the members of `siginfo_t`.
// Each function wraps one call and returns a negated errno on failure.
#ifndef CPROCESS_H
#define CPROCESS_H

#include "crash.h"
#include "readiness.h"

#include <signal.h>
#include <spawn.h>
#include <sys/types.h>

/// The flag that makes a spawned process the leader of a new session.
short cprocess_spawn_setsid(void);
/// Runs the spawned process in `path`. Returns 0 or an errno, as the posix_spawn family does.
int cprocess_spawn_chdir(posix_spawn_file_actions_t *actions, const char *path);
/// Runs the spawned process in the directory behind `descriptor`. Returns 0 or an errno.
int cprocess_spawn_fchdir(posix_spawn_file_actions_t *actions, int descriptor);
/// Closes every descriptor from `first` up in the spawned process. Returns 0 or an errno.
int cprocess_spawn_close_from(posix_spawn_file_actions_t *actions, int first);

/// A descriptor for the process that becomes readable when it has ended, or -errno.
int cprocess_pidfd_open(pid_t pid);
/// Signals the process behind `pidfd`, even if its pid has been reused. 0 or -errno.
int cprocess_pidfd_send_signal(int pidfd, int signal);

/// A close-on-exec pipe: `ends` are the reading and the writing end. 0 or -errno.
int cprocess_pipe(int ends[2]);
/// Whether a child has ended; it stays unreaped. 1, 0, or -errno (ECHILD: no such child is left).
int cprocess_child_has_ended(pid_t pid);
/// The next connection to a listening socket: a non-blocking, close-on-exec descriptor, or -errno.
int cprocess_accept(int listener);

/// An anonymous close-on-exec file in memory, or -errno.
int cprocess_memory_file(const char *name);
/// Makes this process a child subreaper: its orphaned descendants become its children. 0 or -errno.
int cprocess_become_subreaper(void);

/// A descriptor that is readable while one of the blocked signals of `set` is pending, or -errno.
int cprocess_signal_descriptor(const sigset_t *set);
/// Consumes a pending one of the blocked signals of `set`. Its number, or -errno (EAGAIN: none is pending).
int cprocess_take_signal(const sigset_t *set);
/// Whether the process ignores a signal. 1, 0, or -errno.
int cprocess_is_ignored(int signal);

/// Opens a directory with O_PATH. `follow_link` says whether to follow a symbolic link as the last component. A
/// relative path starts at `parent`. A descriptor or -errno.
int cprocess_open_directory(int parent, const char *path, int follow_link);

/// Removes `length` bytes from a file at `start`, both multiples of the block size; the rest moves up. 0 or -errno.
int cprocess_cut(int file, off_t start, off_t length);

/// A descriptor that becomes readable when the file is written to, or -errno.
int cprocess_watch_file(const char *path);

/// The first offset of `needle` in `haystack`, or -1.
long cprocess_find(const void *haystack, size_t size, const void *needle, size_t length);

/// The owner of a TCP socket, from sock_diag(7).
struct cprocess_socket_owner {
    int is_established;
    unsigned int user;
    unsigned int inode;  // 0: closed by its owner
};
/// Looks up the IPv4 socket from `local` to `remote`; addresses and ports are in network byte order. 0, or
/// -errno (ENOENT: there is none, or the kernel does not support the query).
int cprocess_find_socket(unsigned int local, unsigned short local_port, unsigned int remote,
                         unsigned short remote_port, struct cprocess_socket_owner *owner);

/// A child that has ended and is not reaped yet.
struct cprocess_ended {
    pid_t pid;
    int was_signaled;  // 1: `status` is a signal number, 0: `status` is an exit code
    int status;
};
/// Finds a child that has ended, and leaves it unreaped. If there is none, waits for one, or sets the pid to 0 if
/// `wait` is 0. 0 or -errno (ECHILD: no children).
int cprocess_wait_unreaped(struct cprocess_ended *ended, int wait);

/// Renames a file unless `new_path` exists: -EEXIST. 0 or -errno (EINVAL: the file system does not support it).
int cprocess_rename_to_new(const char *old_path, const char *new_path);

#endif
