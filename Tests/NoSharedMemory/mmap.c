// A file system without memory that processes share, as some network file systems and FUSE with direct I/O are:
// preloaded, ld.so(8), it refuses to map files whose names end with `-shm` for sharing, and to make hard links.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
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
