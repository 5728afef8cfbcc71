// A session that costs next to nothing: it reports to the runner as HAPI's own does, and waits for a signal.
// Put where the runner looks for HAPI's program (HAPI_CLI_EXECUTABLE). With --floor it only ends.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

static int control_port(void) {
    char path[4096], text[8192];
    snprintf(path, sizeof path, "%s/runner.state.json", getenv("HAPI_HOME"));
    int file = open(path, O_RDONLY);
    ssize_t count = file < 0 ? 0 : read(file, text, sizeof text - 1);
    if (count <= 0) return 0;
    close(file);
    text[count] = 0;
    char *field = strstr(text, "\"httpPort\"");
    return field ? atoi(strchr(field, ':') + 1) : 0;
}

static int report(int port) {
    unsigned char raw[16];
    char id[37], body[512], request[1024], answer[1024];
    if (getrandom(raw, sizeof raw, 0) != sizeof raw) return 1;
    for (int i = 0, at = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) id[at++] = '-';
        at += snprintf(id + at, 3, "%02x", raw[i]);
    }
    int length = snprintf(body, sizeof body,
                          "{\"sessionId\":\"%s\",\"metadata\":{\"hostPid\":%d,\"startedBy\":\"runner\",\"path\":\"/\","
                          "\"flavor\":\"claude\"}}",
                          id, getpid());
    int size = snprintf(request, sizeof request,
                        "POST /session-started HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                        "Connection: close\r\nContent-Length: %d\r\n\r\n%s",
                        length, body);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int wire = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(wire, (struct sockaddr *)&address, sizeof address) || write(wire, request, size) != size) return 1;
    ssize_t count = read(wire, answer, sizeof answer - 1);
    close(wire);
    return count < 12 || strncmp(answer + 9, "200", 3);
}

int main(int count, char **words) {
    if (count > 1 && !strcmp(words[1], "--floor")) return 0;
    if (report(control_port())) return 70;
    pause();
}
