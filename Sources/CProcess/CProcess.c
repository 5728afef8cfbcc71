#define _GNU_SOURCE
#include "CProcess.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int result(long value) { return value < 0 ? -errno : (int)value; }

short cprocess_spawn_setsid(void) { return POSIX_SPAWN_SETSID; }

int cprocess_spawn_chdir(posix_spawn_file_actions_t *actions, const char *path) {
    return posix_spawn_file_actions_addchdir_np(actions, path);
}

int cprocess_spawn_fchdir(posix_spawn_file_actions_t *actions, int descriptor) {
    return posix_spawn_file_actions_addfchdir_np(actions, descriptor);
}

int cprocess_spawn_close_from(posix_spawn_file_actions_t *actions, int first) {
    return posix_spawn_file_actions_addclosefrom_np(actions, first);
}

int cprocess_pidfd_open(pid_t pid) { return result(syscall(SYS_pidfd_open, pid, 0)); }

int cprocess_pidfd_send_signal(int pidfd, int signal) {
    return result(syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0));
}

int cprocess_pipe(int ends[2]) { return result(pipe2(ends, O_CLOEXEC)); }

int cprocess_child_has_ended(pid_t pid) {
    siginfo_t info = {0};
    while (waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0) {
        if (errno != EINTR) return -errno;
    }
    return info.si_pid == pid;
}

int cprocess_accept(int listener) {
    return result(accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC));
}

int cprocess_memory_file(const char *name) { return result(memfd_create(name, MFD_CLOEXEC)); }

int cprocess_become_subreaper(void) { return result(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)); }

int cprocess_signal_descriptor(const sigset_t *set) {
    return result(signalfd(-1, set, SFD_NONBLOCK | SFD_CLOEXEC));
}

int cprocess_take_signal(const sigset_t *set) {
    const struct timespec none = {0};
    return result(sigtimedwait(set, NULL, &none));
}

int cprocess_is_ignored(int signal) {
    struct sigaction action;
    if (sigaction(signal, NULL, &action) < 0) return -errno;
    return !(action.sa_flags & SA_SIGINFO) && action.sa_handler == SIG_IGN;
}

int cprocess_open_directory(int parent, const char *path, int follow_link) {
    return result(openat(parent, path, O_PATH | O_DIRECTORY | O_CLOEXEC | (follow_link ? 0 : O_NOFOLLOW)));
}

long cprocess_find(const void *haystack, size_t size, const void *needle, size_t length) {
    const char *found = memmem(haystack, size, needle, length);
    return found == NULL ? -1 : found - (const char *)haystack;
}

int cprocess_cut(int file, off_t start, off_t length) {
    return result(fallocate(file, FALLOC_FL_COLLAPSE_RANGE, start, length));
}

int cprocess_watch_file(const char *path) {
    int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (watch < 0) return -errno;
    if (inotify_add_watch(watch, path, IN_MODIFY) >= 0) return watch;
    int code = errno;
    close(watch);
    return -code;
}

int cprocess_wait_unreaped(struct cprocess_ended *ended, int wait) {
    siginfo_t info = {0};
    if (waitid(P_ALL, 0, &info, WEXITED | WNOWAIT | (wait ? 0 : WNOHANG)) < 0) return -errno;
    ended->pid = info.si_pid;
    ended->was_signaled = info.si_code != CLD_EXITED;
    ended->status = info.si_status;
    return 0;
}

int cprocess_find_socket(unsigned int local, unsigned short local_port, unsigned int remote,
                         unsigned short remote_port, struct cprocess_socket_owner *owner) {
    struct {
        struct nlmsghdr header;
        struct inet_diag_req_v2 request;
    } question = {
        .header = {.nlmsg_len = sizeof question, .nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_flags = NLM_F_REQUEST},
        .request = {.sdiag_family = AF_INET,
                    .sdiag_protocol = IPPROTO_TCP,
                    .idiag_states = ~0u,
                    .id = {.idiag_sport = local_port,
                           .idiag_dport = remote_port,
                           .idiag_src = {local},
                           .idiag_dst = {remote},
                           .idiag_cookie = {INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE}}}};
    union {
        struct nlmsghdr header;
        char bytes[8192];
    } answer = {0};
    int line = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (line < 0) return -errno;
    ssize_t size = send(line, &question, sizeof question, 0);
    if (size >= 0) size = recv(line, &answer, sizeof answer, 0);
    int code = result(size);
    close(line);
    if (code < 0) return code;
    if (answer.header.nlmsg_type == NLMSG_ERROR) return ((struct nlmsgerr *)NLMSG_DATA(&answer.header))->error;
    if (size < (ssize_t)NLMSG_LENGTH(sizeof(struct inet_diag_msg))) return -EBADMSG;
    const struct inet_diag_msg *found = NLMSG_DATA(&answer.header);
    owner->is_established = found->idiag_state == TCP_ESTABLISHED && found->id.idiag_sport == local_port
                            && found->id.idiag_dport == remote_port;
    owner->user = found->idiag_uid;
    owner->inode = found->idiag_inode;
    return 0;
}

int cprocess_rename_to_new(const char *old_path, const char *new_path) {
    return result(renameat2(AT_FDCWD, old_path, AT_FDCWD, new_path, RENAME_NOREPLACE));
}
