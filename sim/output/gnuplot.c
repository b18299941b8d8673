/* gnuplot.c -- see gnuplot.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#define _GNU_SOURCE
#include "sim/output/gnuplot.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/base/check.h"

extern char **environ;

struct pipe_ends {
    int read, write;
};

static struct pipe_ends pipe_open(void)
{
    int ends[2];
    CHECK(pipe2(ends, O_CLOEXEC) == 0);
    return (struct pipe_ends){ ends[0], ends[1] };
}

/* Writes as much of the script as the pipe takes now; closes it after the last of it. */
static void feed(int *to, const char **script)
{
    ssize_t written = write(*to, *script, strlen(*script));
    if (written > 0)
        *script += written;
    if ((written < 0 && errno != EAGAIN && errno != EINTR) || **script == '\0') {
        close(*to); /* all of it, or it listens no more */
        *to = -1;
    }
}

/* Feeds the script while it reads the picture; *picture is malloc'ed. */
static void talk(int to, int from, const char *script, char **picture, size_t *size)
{
    size_t room = 0;
    *picture = NULL;
    *size = 0;
    CHECK(fcntl(to, F_SETFL, O_NONBLOCK) == 0);
    for (;;) {
        struct pollfd polls[] = { { from, POLLIN, 0 }, { to, POLLOUT, 0 } };
        if (poll(polls, 2, -1) < 0)
            continue;
        if (to >= 0 && polls[1].revents != 0)
            feed(&to, &script);
        if (polls[0].revents == 0)
            continue;
        if (room - *size < 65536) {
            room = 2 * room + 65536;
            *picture = realloc(*picture, room);
            CHECK(*picture != NULL);
        }
        ssize_t got = read(from, *picture + *size, room - *size);
        if (got == 0 || (got < 0 && errno != EINTR))
            break;
        *size += got > 0 ? (size_t)got : 0;
    }
    if (to >= 0)
        close(to);
}

/* Starts it on these pipes. */
static bool start(struct pipe_ends input, struct pipe_ends output, pid_t *child, struct error *err)
{
    char program[] = "gnuplot", defaults[] = "-d" /* nobody's ~/.gnuplot */, standard[] = "-";
    char *arguments[] = { program, defaults, standard, NULL };
    posix_spawn_file_actions_t actions;
    fflush(NULL);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input.read, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, output.write, STDOUT_FILENO);
    int failed = posix_spawnp(child, program, &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    return failed == 0 ||
           error_set(err, "gnuplot", "cannot be run: %s; install it (Debian: gnuplot-nox)",
                     strerror(failed));
}

bool gnuplot_draw(const char *script, const char *name, const char **picture, size_t *size,
                  struct arena *arena, struct error *err)
{
    struct pipe_ends input = pipe_open(), output = pipe_open();
    void (*before)(int) = signal(SIGPIPE, SIG_IGN); /* an error of write() instead */
    char *bytes = NULL;
    pid_t child;
    int status = 0;
    bool fine = start(input, output, &child, err);
    close(input.read);
    close(output.write);
    if (fine) {
        talk(input.write, output.read, script, &bytes, size);
        bool drawn = waitpid(child, &status, 0) == child && status == 0 && *size > 0;
        fine = drawn || error_set(err, name, "gnuplot did not draw it; its message is above");
    } else {
        close(input.write);
    }
    close(output.read);
    signal(SIGPIPE, before);
    if (fine)
        *picture = arena_string_n(arena, bytes, *size);
    free(bytes);
    return fine;
}
