/* sched_line.c -- see sched_line.h.
 *
 * What is before the event is found by "[cpu] ... time: event:", and fields from the end of the
 * line, or so that all of the rest fits: then it does not matter what a comm is.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sim/input/sched_line.h"

#include <string.h>

/* ---- Pieces ------------------------------------------------------------------------------- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool take(const char **at, const char *text)
{
    size_t length = strlen(text);
    if (strncmp(*at, text, length) != 0)
        return false;
    *at += length;
    return true;
}

static void skip_spaces(const char **at)
{
    while (**at == ' ' || **at == '\t')
        (*at)++;
}

static bool take_number(const char **at, uint64_t most, uint64_t *value)
{
    const char *digit = *at;
    for (*value = 0; is_digit(*digit); digit++) {
        uint64_t next = (uint64_t)(*digit - '0');
        if (next > most || *value > (most - next) / 10)
            return false;
        *value = *value * 10 + next;
    }
    if (digit == *at)
        return false;
    *at = digit;
    return true;
}

static bool take_pid(const char **at, struct sched_who *who)
{
    uint64_t value;
    bool fine = take_number(at, SCHED_PID_MAX, &value);
    who->pid = fine ? (uint32_t)value : 0;
    return fine;
}

static bool take_prio(const char **at, struct sched_who *who)
{
    uint64_t value;
    bool negative = take(at, "-");
    if (!take_number(at, negative ? -SCHED_PRIO_MIN : SCHED_PRIO_MAX, &value))
        return false;
    who->prio = (int16_t)(negative ? -(int)value : (int)value);
    who->has_prio = true;
    return true;
}

/* "S" of "S", "R+", "D|W"; what follows a space is left. */
static bool take_state(const char **at, char *state)
{
    *state = **at;
    if (*state == '\0' || *state == ' ')
        return false;
    while (**at != '\0' && **at != ' ')
        (*at)++;
    return true;
}

/* Seconds with a point, as ns; digits behind the ninth tell nothing. */
static bool take_time(const char **at, uint64_t *ns)
{
    const char *rest = *at;
    uint64_t seconds, fraction = 0;
    int digits = 0;
    if (!take_number(&rest, UINT64_C(10000000000), &seconds) || !take(&rest, ".") ||
        !is_digit(*rest))
        return false;
    for (; is_digit(*rest); rest++)
        if (digits < 9) {
            fraction = fraction * 10 + (uint64_t)(*rest - '0');
            digits++;
        }
    for (; digits < 9; digits++)
        fraction *= 10;
    if (!take(&rest, ":"))
        return false;
    *ns = seconds * 1000000000 + fraction;
    *at = rest;
    return true;
}

/* The last place of text where needle is, before end. */
static const char *find_last(const char *text, const char *end, const char *needle)
{
    size_t length = strlen(needle);
    for (const char *at = end - length; at >= text; at--)
        if (memcmp(at, needle, length) == 0)
            return at;
    return NULL;
}

/* ---- Fields ------------------------------------------------------------------------------- */

/* "NAMECOMM PIDKEYn...", of which the pid is the last of its kind: sets who and what follows. */
static bool read_named(const char *text, const char *comm_key, const char *pid_key,
                       struct sched_who *who, const char **rest)
{
    const char *pid = find_last(text, text + strlen(text), pid_key);
    if (pid == NULL || !take(&text, comm_key) || pid < text)
        return false;
    who->comm = text;
    who->length = (size_t)(pid - text);
    *rest = pid + strlen(pid_key);
    return take_pid(rest, who);
}

/* "comm:pid [prio]" somewhere before end, as late as can be; *rest is behind it. */
static bool read_short(const char *text, const char *end, struct sched_who *who, const char **rest)
{
    for (const char *at = end; at-- > text;) {
        const char *number = at + 1;
        if (*at != ':' || !take_pid(&number, who) || !take(&number, " [") ||
            !take_prio(&number, who) || !take(&number, "]") || number > end)
            continue;
        who->comm = text;
        who->length = (size_t)(at - text);
        *rest = number;
        return true;
    }
    return false;
}

/* Does the line begin with who?  2: comm and pid, "   comm-pid ", "   comm pid/tid "; 1: the pid;
 * 0: neither. */
static int begins_with(const struct sched_line *line, const struct sched_who *who)
{
    const char *first = line->before, *end = first + line->before_length;
    while (end > first && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    const char *digits = end;
    while (digits > first && is_digit(digits[-1]))
        digits--;
    const char *at = digits;
    uint64_t pid;
    if (!take_number(&at, SCHED_PID_MAX, &pid) || pid != who->pid)
        return 0;
    if (digits > first && digits[-1] == '/')
        for (digits--; digits > first && is_digit(digits[-1]);)
            digits--;
    if (digits == first)
        return 1;
    size_t length = who->length; /* without spaces at the end, as those are padding as well */
    while (length > 0 && who->comm[length - 1] == ' ')
        length--;
    for (end = digits - 1; end > first && end[-1] == ' ';)
        end--;
    while (first < end && *first == ' ')
        first++;
    return (size_t)(end - first) == length && memcmp(first, who->comm, length) == 0 ? 2 : 1;
}

/* "who S", who being "comm:pid [prio]", up to the arrow, and "next" behind it. */
static bool read_around(const char *text, const char *arrow, struct sched_line *line)
{
    const char *next = arrow + strlen(" ==> "), *rest;
    return read_short(text, arrow, &line->who, &rest) && take(&rest, " ") &&
           take_state(&rest, &line->state) && rest == arrow &&
           read_short(next, next + strlen(next), &line->next, &rest);
}

/* A comm may contain what looks like all of the line up to an arrow, or from one on. */
static enum sched_line_kind read_switch_short(const char *text, struct sched_line *line)
{
    struct sched_line way = *line;
    int best = -1;
    enum sched_line_kind kind = SCHED_UNKNOWN;
    for (const char *arrow = text; (arrow = strstr(arrow, " ==> ")) != NULL; arrow++) {
        if (!read_around(text, arrow, &way))
            continue;
        int fits = begins_with(&way, &way.who);
        if (fits > best) {
            *line = way;
            kind = SCHED_SWITCH;
            best = fits;
        } else if (fits == best) {
            kind = SCHED_TWOFOLD;
        }
    }
    return kind;
}

/* From " prev_pid=" on, of which there may be others in the comm. */
static bool read_switch_rest(const char *rest, struct sched_line *line)
{
    if (!take(&rest, " prev_pid=") || !take_pid(&rest, &line->who) || !take(&rest, " prev_prio=") ||
        !take_prio(&rest, &line->who) || !take(&rest, " prev_state=") ||
        !take_state(&rest, &line->state) || !take(&rest, " ==> "))
        return false;
    return read_named(rest, "next_comm=", " next_pid=", &line->next, &rest) &&
           take(&rest, " next_prio=") && take_prio(&rest, &line->next);
}

static enum sched_line_kind read_switch(const char *text, struct sched_line *line)
{
    const char *comm = text, *at;
    if (!take(&comm, "prev_comm="))
        return read_switch_short(text, line);
    const struct sched_line before = *line;
    for (at = comm; (at = strstr(at, " prev_pid=")) != NULL; at++)
        if (read_switch_rest(at, line)) {
            line->who.comm = comm;
            line->who.length = (size_t)(at - comm);
            return SCHED_SWITCH;
        }
    *line = before;
    return read_switch_short(text, line); /* that may be the comm's beginning */
}

static enum sched_line_kind read_waking(const char *text, struct sched_line *line)
{
    const char *rest;
    line->wakes = true;
    if (read_named(text, "comm=", " pid=", &line->who, &rest))
        return take(&rest, " prio=") && take_prio(&rest, &line->who) ? SCHED_WAKING : SCHED_UNKNOWN;
    return read_short(text, text + strlen(text), &line->who, &rest) ? SCHED_WAKING : SCHED_UNKNOWN;
}

static enum sched_line_kind read_fork(const char *text, struct sched_line *line)
{
    const char *child = find_last(text, text + strlen(text), " child_comm="), *rest;
    return child != NULL && read_named(child, " child_comm=", " child_pid=", &line->who, &rest)
               ? SCHED_WAKING
               : SCHED_UNKNOWN;
}

static enum sched_line_kind read_runtime(const char *text, struct sched_line *line)
{
    const char *rest;
    return read_named(text, "comm=", " pid=", &line->who, &rest) && take(&rest, " runtime=") &&
                   take_number(&rest, UINT64_C(1000000000000000), &line->count)
               ? SCHED_RUNTIME
               : SCHED_UNKNOWN;
}

/* What switches and wakings tell as well. */
static enum sched_line_kind read_nothing(const char *text, struct sched_line *line)
{
    (void)text;
    (void)line;
    return SCHED_EMPTY;
}

/* ---- The line ----------------------------------------------------------------------------- */

static const struct {
    const char *name;
    enum sched_line_kind (*read)(const char *text, struct sched_line *line);
} events[] = {
    { "sched_switch: ", read_switch },        { "sched_waking: ", read_waking },
    { "sched_wakeup: ", read_waking },        { "sched_wakeup_new: ", read_waking },
    { "sched_stat_runtime: ", read_runtime }, { "sched_process_fork: ", read_fork },
    { "sched_process_exit: ", read_nothing }, { "sched_process_exec: ", read_nothing },
};

/* What follows '[' is "cpu] flags time: "? *at: what follows that. */
static bool read_head(const char **at, struct sched_line *line)
{
    uint64_t cpu;
    char flags;
    if (!take_number(at, SCHED_CPU_MAX, &cpu) || !take(at, "]"))
        return false;
    skip_spaces(at);
    if (!take_time(at, &line->ns)) {
        if (!take_state(at, &flags))
            return false;
        skip_spaces(at);
        if (!take_time(at, &line->ns))
            return false;
    }
    line->cpu = (uint32_t)cpu;
    skip_spaces(at);
    return true;
}

/* "name: " or "sched:name: ", maybe with a count before it. */
static enum sched_line_kind read_event(const char *text, struct sched_line *line)
{
    const char *name = text;
    while (is_digit(*name))
        name++;
    skip_spaces(&name);
    (void)take(&name, "sched:");
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++)
        if (take(&name, events[i].name)) {
            skip_spaces(&name);
            return events[i].read(name, line);
        }
    return strchr(name, ':') != NULL ? SCHED_OTHER : SCHED_UNKNOWN;
}

static const uint64_t most_lost = UINT64_C(1000000000000);

/* "CPU:1 [LOST EVENTS]" of ftrace, "CPU:1 [EVENTS DROPPED]" and "CPU:1 [12 EVENTS DROPPED]" of
 * trace-cmd. */
static bool read_loss_of_cpu(const char *text, struct sched_line *line)
{
    const char *at = text;
    uint64_t cpu;
    skip_spaces(&at);
    if (!take(&at, "CPU:") || !take_number(&at, SCHED_CPU_MAX, &cpu) || !take(&at, " ["))
        return false;
    line->count = SCHED_UNCOUNTED;
    if (take(&at, "LOST EVENTS]") || take(&at, "EVENTS DROPPED]"))
        return true;
    return take_number(&at, most_lost, &line->count) && take(&at, " EVENTS DROPPED]");
}

/* Or "CPU:1 [LOST 12 EVENTS]" of ftrace, "LOST 12 events" of perf, in any case. */
static bool read_loss(const char *text, struct sched_line *line)
{
    static const char *const words[] = { "LOST ", "lost " };
    if (read_loss_of_cpu(text, line))
        return true;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        const char *at = strstr(text, words[i]);
        if (at == NULL)
            continue;
        at += strlen(words[i]);
        if (take_number(&at, most_lost, &line->count))
            return true;
    }
    return false;
}

/* "# entries-in-buffer/entries-written: 12/12   #P:8" of ftrace. */
static enum sched_line_kind read_comment(const char *text, struct sched_line *line)
{
    const char *cpus = strstr(text, "#P:");
    if (cpus == NULL || !take(&cpus, "#P:") || !take_number(&cpus, SCHED_CPU_MAX, &line->count))
        return SCHED_EMPTY;
    return SCHED_CPUS;
}

enum sched_line_kind sched_line_read(struct sched_line *line, const char *text)
{
    enum sched_line_kind found = SCHED_UNKNOWN;
    const char *first = text;
    *line = (struct sched_line){ 0 };
    skip_spaces(&first);
    if (*first == '\0' || *first == '\r')
        return SCHED_EMPTY;
    if (*first == '#')
        return read_comment(first, line);
    for (const char *bracket = text; (bracket = strchr(bracket, '[')) != NULL;) {
        const char *at = ++bracket;
        if (!read_head(&at, line))
            continue;
        line->before = text;
        line->before_length = (size_t)(bracket - 1 - text);
        enum sched_line_kind kind = read_event(at, line);
        if (kind > SCHED_CPUS)
            return kind;
        if (found == SCHED_UNKNOWN)
            found = kind;
    }
    return found == SCHED_UNKNOWN && read_loss(text, line) ? SCHED_LOST : found;
}

/* Is a number behind key, between from and end, that take_number() does not take? */
static bool has_beyond(const char *from, const char *end, const char *key, uint64_t most)
{
    for (const char *at = from; (at = strstr(at, key)) != NULL && at < end;) {
        uint64_t value;
        at += strlen(key);
        if (is_digit(*at) && !take_number(&at, most, &value))
            return true;
    }
    return false;
}

const char *sched_line_fault(const char *text)
{
    const char *event = strstr(text, "sched_switch: "), *end = text + strlen(text);
    if (event == NULL)
        return NULL;
    if (has_beyond(text, event, "[", SCHED_CPU_MAX))
        return "the cpu is beyond 65535";
    if (has_beyond(event, end, "_prio=", SCHED_PRIO_MAX) ||
        has_beyond(event, end, " [", SCHED_PRIO_MAX))
        return "a priority is beyond 139, the kernel's greatest";
    return has_beyond(event, end, "_pid=", SCHED_PID_MAX) ? "a pid is beyond 2^30" : NULL;
}
