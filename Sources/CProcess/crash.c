// Writes one line in the format of the runner's log when the process crashes, with async-signal-safe calls only:
//
//   2026-01-31T08:15:30.123Z critical crashed signal=SIGSEGV address=0x10 thread=4711 name=readiness
//   build=0123abcd base=0x400000 calls=0x4011f2,0x401090
//
// Return addresses come from the unwinder, which takes no lock and allocates nothing once it is loaded
// (_dl_find_object since glibc 2.35). If it faults on a broken stack, they come from the chain of frame pointers,
// read through the kernel, which never faults.
#define _GNU_SOURCE
#include "crash.h"

#include <execinfo.h>
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

enum { most_calls = 48 };

static const struct {
    int number;
    const char *name;
} crashes[] = {{SIGSEGV, "SIGSEGV"}, {SIGBUS, "SIGBUS"},   {SIGILL, "SIGILL"},
               {SIGFPE, "SIGFPE"},   {SIGABRT, "SIGABRT"}, {SIGTRAP, "SIGTRAP"}};
enum { crash_count = sizeof crashes / sizeof *crashes };

static struct sigaction before[crash_count];
static char build[2 * 32 + 1];
static uintptr_t base;
static char stack[64 << 10];

// Only the first thread to crash writes a line. `speaker` is its id.
static atomic_int speaker;
static volatile sig_atomic_t is_unwinding;
static sigjmp_buf unwinding_failed;

// MARK: The line

struct line {
    char text[2048];
    size_t size;
};

static void add(struct line *line, const char *text) {
    while (*text && line->size < sizeof line->text) line->text[line->size++] = *text++;
}

static void add_number(struct line *line, unsigned long value, unsigned int radix, int width) {
    char digits[24];
    int count = 0;
    do digits[count++] = "0123456789abcdef"[value % radix];
    while ((value /= radix) || count < width);
    while (count > 0 && line->size < sizeof line->text) line->text[line->size++] = digits[--count];
}

static void add_address(struct line *line, const char *key, uintptr_t address) {
    add(line, key);
    add(line, "0x");
    add_number(line, address, 16, 0);
}

// Civil date from days, after Howard Hinnant: gmtime_r is not async-signal-safe.
static void add_time(struct line *line) {
    struct timespec now = {0};
    clock_gettime(CLOCK_REALTIME, &now);
    long seconds = now.tv_sec % 86400, days = now.tv_sec / 86400 + 719468;
    long era = days / 146097, day = days % 146097;
    long year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    day -= 365 * year + year / 4 - year / 100;
    long month = (5 * day + 2) / 153;
    day -= (153 * month + 2) / 5;
    month += month < 10 ? 3 : -9;
    year += 400 * era + (month <= 2);
    const struct {
        const char *before;
        long value;
        int width;
    } parts[] = {{"", year, 4},           {"-", month, 2},             {"-", day + 1, 2},
                 {"T", seconds / 3600, 2}, {":", seconds / 60 % 60, 2}, {":", seconds % 60, 2},
                 {".", now.tv_nsec / 1000000, 3}};
    for (size_t index = 0; index < sizeof parts / sizeof *parts; index++) {
        add(line, parts[index].before);
        add_number(line, (unsigned long)parts[index].value, 10, parts[index].width);
    }
    add(line, "Z");
}

static void add_thread_name(struct line *line) {
    char name[16] = "";
    prctl(PR_GET_NAME, name);
    for (char *byte = name; *byte; byte++) {
        if (*byte <= ' ' || *byte > '~') *byte = '_';
    }
    add(line, name);
}

// MARK: Return addresses

struct registers {
    uintptr_t program, frame, stack;
};

static struct registers registers_of(const ucontext_t *context) {
#if defined(__x86_64__)
    const greg_t *registers = context->uc_mcontext.gregs;
    return (struct registers){(uintptr_t)registers[REG_RIP], (uintptr_t)registers[REG_RBP],
                              (uintptr_t)registers[REG_RSP]};
#elif defined(__aarch64__)
    return (struct registers){context->uc_mcontext.pc, context->uc_mcontext.regs[29], context->uc_mcontext.sp};
#else
    (void)context;
    return (struct registers){0, 0, 0};
#endif
}

// Reads memory that may be unmapped. 1 on success.
static int peek(uintptr_t address, void *into, size_t size) {
    struct iovec here = {into, size}, there = {(void *)address, size};
    return process_vm_readv(getpid(), &here, 1, &there, 1, 0) == (ssize_t)size;
}

static int walk_frames(struct registers registers, uintptr_t *calls) {
    int count = 0;
    calls[count++] = registers.program;
    uintptr_t frame = registers.frame, frames[2];
    while (count < most_calls && frame >= registers.stack && frame % sizeof frame == 0
           && peek(frame, frames, sizeof frames) && frames[1] != 0) {
        calls[count++] = frames[1];
        // The frame of a Swift async function is marked in this bit.
        uintptr_t next = frames[0] & ~((uintptr_t)1 << 60);
        if (next <= frame) break;
        frame = next;
    }
    return count;
}

static int unwind(struct registers registers, uintptr_t *calls) {
    void *found[most_calls + 8];
    if (sigsetjmp(unwinding_failed, 1) != 0) {
        is_unwinding = 0;
        return 0;
    }
    is_unwinding = 1;
    int count = backtrace(found, most_calls + 8), first = 0;
    is_unwinding = 0;
    // The frames above the crash belong to this handler.
    while (first < count && (uintptr_t)found[first] != registers.program) first++;
    if (first == count) return 0;
    for (int index = first; index < count && index - first < most_calls; index++) {
        calls[index - first] = (uintptr_t)found[index];
    }
    return count - first < most_calls ? count - first : most_calls;
}

// MARK: The handler

static void speak(int crash, const siginfo_t *info, const ucontext_t *context) {
    static struct line line;
    static uintptr_t calls[most_calls];
    struct registers registers = registers_of(context);
    line.size = 0;
    add_time(&line);
    add(&line, " critical crashed signal=");
    add(&line, crashes[crash].name);
    // A signal that was sent has no address.
    add_address(&line, " address=", info->si_code > 0 ? (uintptr_t)info->si_addr : 0);
    add(&line, " thread=");
    add_number(&line, (unsigned long)syscall(SYS_gettid), 10, 0);
    add(&line, " name=");
    add_thread_name(&line);
    add(&line, " build=");
    add(&line, build);
    add_address(&line, " base=", base);
    int count = unwind(registers, calls);
    if (count < 2) count = walk_frames(registers, calls);
    for (int index = 0; index < count; index++) add_address(&line, index == 0 ? " calls=" : ",", calls[index]);
    if (line.size == sizeof line.text) line.size--;
    line.text[line.size++] = '\n';
    // If the log cannot be written, there is nowhere to report it.
    (void)!write(STDERR_FILENO, line.text, line.size);
}

static void handle(int signal, siginfo_t *info, void *context) {
    int error = errno, me = (int)syscall(SYS_gettid), nobody = 0, crash = 0;
    while (crash < crash_count - 1 && crashes[crash].number != signal) crash++;
    if (atomic_load(&speaker) == me && is_unwinding) siglongjmp(unwinding_failed, 1);
    if (atomic_compare_exchange_strong(&speaker, &nobody, me)) {
        speak(crash, info, context);
    } else if (nobody != me) {
        // Another thread is writing its line, and will end the process.
        nanosleep(&(struct timespec){.tv_sec = 1}, NULL);
    }
    // Lets the signal have its effect: a fault repeats on return; a sent signal is sent again.
    sigaction(signal, &before[crash], NULL);
    if (info->si_code <= 0) syscall(SYS_tgkill, getpid(), me, signal);
    errno = error;
}

// MARK: At the start

// The first object is the program.
static int note_program(struct dl_phdr_info *info, size_t size, void *unused) {
    (void)size, (void)unused;
    base = info->dlpi_addr;
    for (int index = 0; index < info->dlpi_phnum; index++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[index];
        if (header->p_type != PT_NOTE) continue;
        const char *at = (const char *)(info->dlpi_addr + header->p_vaddr), *end = at + header->p_memsz;
        while (at + sizeof(ElfW(Nhdr)) < end) {
            const ElfW(Nhdr) *note = (const void *)at;
            const unsigned char *content = (const void *)(at + sizeof *note + (note->n_namesz + 3) / 4 * 4);
            if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4
                && memcmp(at + sizeof *note, "GNU", 4) == 0) {
                for (unsigned int byte = 0; byte < note->n_descsz && byte < 32; byte++) {
                    build[2 * byte] = "0123456789abcdef"[content[byte] >> 4];
                    build[2 * byte + 1] = "0123456789abcdef"[content[byte] & 15];
                }
                return 1;
            }
            at = (const char *)content + (note->n_descsz + 3) / 4 * 4;
        }
    }
    return 1;
}

void cprocess_speak_of_crashes(void) {
    strcpy(build, "unknown");
    dl_iterate_phdr(note_program, NULL);
    // Called once to load the unwinder, which allocates.
    void *unused[2];
    backtrace(unused, 2);
    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    sigaltstack(&alternate, NULL);
    struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
    sigemptyset(&action.sa_mask);
    for (int index = 0; index < crash_count; index++) {
        sigaction(crashes[index].number, &action, &before[index]);
    }
}
