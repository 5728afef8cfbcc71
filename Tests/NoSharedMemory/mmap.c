// Simulates a file system without shared memory, such as some network file systems and FUSE with direct I/O:
// preloaded, ld.so(8), it fails to map files whose names end with `-shm` as shared, and to create hard links.
// With NO_LOCKS in the environment it also fails to lock files, as on some network file systems.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int is_index(int file) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path);
    return length >= 4 && memcmp(path + length - 4, "-shm", 4) == 0;
}

void *mmap(void *address, size_t length, int protection, int flags, int file, off_t offset) {
    static void *(*real)(void *, size_t, int, int, int, off_t);
    if (!real) real = dlsym(RTLD_NEXT, "mmap");
    if ((flags & MAP_SHARED) && file >= 0 && is_index(file)) {
        errno = ENODEV;
        return MAP_FAILED;
    }
    return real(address, length, protection, flags, file, offset);
}

void *mmap64(void *address, size_t length, int protection, int flags, int file, off_t offset) {
    return mmap(address, length, protection, flags, file, offset);
}

int link(const char *old_path, const char *new_path) {
    (void)old_path, (void)new_path;
    errno = EPERM;
    return -1;
}

int renameat2(int old_folder, const char *old_path, int new_folder, const char *new_path, unsigned int flags) {
    (void)old_folder, (void)old_path, (void)new_folder, (void)new_path, (void)flags;
    errno = EINVAL;
    return -1;
}

int fcntl64(int file, int command, ...) {
    static int (*real)(int, int, ...);
    if (!real) real = dlsym(RTLD_NEXT, "fcntl64");
    va_list rest;
    va_start(rest, command);
    void *argument = va_arg(rest, void *);
    va_end(rest);
    int locks = command == F_SETLK || command == F_SETLKW || command == F_OFD_SETLK || command == F_OFD_SETLKW;
    if (locks && getenv("NO_LOCKS")) {
        errno = EOPNOTSUPP;
        return -1;
    }
    return real(file, command, argument);
}

#undef fcntl
int fcntl(int file, int command, ...) {
    va_list rest;
    va_start(rest, command);
    void *argument = va_arg(rest, void *);
    va_end(rest);
    return fcntl64(file, command, argument);
}
