// A session process for tests that start thousands: reports to the runner, runs for BRIEF_MS milliseconds,
// and exits with its pid modulo 90, so that an exit recorded for the wrong session is noticed. 100: the
// report failed.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int control_port(void) {
    char path[PATH_MAX], text[8192];
    const char *home = getenv("HAPI_HOME");
    snprintf(path, sizeof path, "%s/runner.state.json", home ? home : "/");
    FILE *file = fopen(path, "re");
    if (!file) return -1;
    size_t size = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[size] = 0;
    const char *port = strstr(text, "\"httpPort\"");
    port = port ? strchr(port, ':') : NULL;
    return port ? (int)strtol(port + 1, NULL, 10) : -1;
}

// Returns the status of the answer, or -1.
static int report(int port, const char *session) {
    char body[PATH_MAX + 512], request[PATH_MAX + 1024], answer[512], directory[PATH_MAX];
    if (!getcwd(directory, sizeof directory)) return -1;
    int length = snprintf(body, sizeof body,
                          "{\"sessionId\":\"%s\",\"metadata\":{\"path\":\"%s\",\"hostPid\":%d,\"startedBy\":\"runner\","
                          "\"flavor\":\"claude\",\"startedFromRunner\":true}}",
                          session, directory, getpid());
    int size = snprintf(request, sizeof request,
                        "POST /session-started HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/json\r\n"
                        "Content-Length: %d\r\nConnection: close\r\n\r\n%s",
                        port, length, body);
    int line = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int status = -1;
    if (connect(line, (struct sockaddr *)&address, sizeof address) == 0 && write(line, request, (size_t)size) == size) {
        ssize_t count = read(line, answer, sizeof answer - 1);
        if (count > 0) {
            answer[count] = 0;
            status = sscanf(answer, "HTTP/1.1 %d", &status) == 1 ? status : -1;
        }
    }
    close(line);
    return status;
}

int main(void) {
    char session[64];
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    // In the form of a UUID, unique by time and pid.
    snprintf(session, sizeof session, "%08lx-0000-4000-8000-%04x%08lx", now.tv_sec & 0xffffffff, getpid() & 0xffff,
             (unsigned long)now.tv_nsec);
    int status = report(control_port(), session);
    if (status < 200 || status > 299) {
        fprintf(stderr, "the report was answered %d: %s\n", status, strerror(errno));
        return 100;
    }
    const char *life = getenv("BRIEF_MS");
    long milliseconds = life ? strtol(life, NULL, 10) : 100;
    nanosleep(&(struct timespec){milliseconds / 1000, milliseconds % 1000 * 1000000}, NULL);
    return getpid() % 90;
}
