// refusing CALL=ERROR... PROGRAM ARGUMENTS...: runs a program and its children with failing system calls, as
// in an older kernel or a sandbox. Calls: pidfd_open, clone3. Errors: ENOSYS, EPERM.
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int refuse(unsigned int call, unsigned int error) {
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

int main(int count, char **words) {
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) return perror("no_new_privs"), 125;
    int at = 1;
    for (; at < count && strchr(words[at], '='); at++) {
        const char *error = strchr(words[at], '=') + 1;
        unsigned int call = strncmp(words[at], "clone3=", 7) == 0 ? SYS_clone3 : SYS_pidfd_open;
        if (refuse(call, strcmp(error, "ENOSYS") == 0 ? ENOSYS : EPERM) < 0) return perror("seccomp"), 125;
    }
    if (at == count) return fputs("refusing: no program\n", stderr), 125;
    execv(words[at], words + at);
    perror(words[at]);
    return 126;
}
