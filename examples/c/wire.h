/*
 * The lines of the protocol of src/Hotplug.Contract/Wire/PROTOCOL.md, in C: a reply buffer, strict reading of requests,
 * and the loop. It knows nothing of memory: take it for a machine of your own.
 */
#ifndef WIRE_H
#define WIRE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIRE_MOST_REQUEST = 65536, WIRE_MOST_DEPTH = 16 };

static char *wire_reply;
static size_t wire_length, wire_room;

/* realloc() that does not fail; what is new is zero when there was nothing before. */
static void *grow(void *old, size_t bytes)
{
    void *memory = realloc(old, bytes ? bytes : 1);
    if (!memory) {
        perror("machine");
        exit(1);
    }
    return old ? memory : memset(memory, 0, bytes);
}

/* Appends to the reply, as printf() does; less than 1024 characters at a time. */
static void put(const char *format, ...)
{
    va_list values;
    if (wire_room - wire_length < 1024)
        wire_reply = grow(wire_reply, wire_room = wire_room * 2 + 65536);
    va_start(values, format);
    wire_length += (size_t)vsnprintf(wire_reply + wire_length, 1024, format, values);
    va_end(values);
}

/* An error in place of whatever was put so far. */
static void put_error(const char *code, const char *message)
{
    wire_length = 0;
    put("{\"error\":{\"code\":\"%s\",\"message\":\"%s\"}}", code, message);
}

static void send_reply(void)
{
    put("\n");
    fwrite(wire_reply, 1, wire_length, stdout);
    fflush(stdout);
    wire_length = 0;
}

/* Reads a request line without its end. 1: read; 0: the input ended; -1: too long, its rest is skipped. */
static int read_request(char line[WIRE_MOST_REQUEST + 2])
{
    size_t length;
    if (!fgets(line, WIRE_MOST_REQUEST + 2, stdin))
        return 0;
    length = strlen(line);
    if (length > 0 && line[length - 1] == '\n') {
        line[length - 1] = '\0';
        return 1;
    }
    if (length <= WIRE_MOST_REQUEST)
        return feof(stdin) ? 0 : 1;
    for (int c = 0; c != '\n' && c != EOF;)
        c = getchar();
    return -1;
}

/* A comma, where one is needed before another item. */
static const char *comma(void) { return strchr("[{", wire_reply[wire_length - 1]) ? "" : ","; }

static void put_range(long start, long count) { put("%s[%ld,%ld]", comma(), start, count); }

/* A witness: `from` is -1 but for `migrated`. */
static void put_witness(const char *role, long start, long count, long from)
{
    put("%s[\"%s\",%ld,%ld", comma(), role, start, count);
    put(from < 0 ? "]" : ",%ld]", from);
}

/* A run of pages with a reference count; -1: it cannot be seen. */
static void put_run(long count, int flags, int references)
{
    put("%s[%ld,%d,0,0,", comma(), count, flags);
    put(references < 0 ? "null]" : "%d]", references);
}

/* A zone of node 0 without isolated pageblocks. */
static void put_zone(const char *zone, long start, long end, long present, long managed, long free)
{
    put("%s{\"node\":0,\"zone\":\"%s\",\"start\":%ld,\"spanned\":%ld,", comma(), zone, start, end - start);
    put("\"present\":%ld,\"managed\":%ld,\"free\":%ld,\"isolated\":0}", present, managed, free);
}

static void put_device(long id, long start, long pages)
{
    put("%s{\"device\":\"d%ld\",\"range\":[%ld,%ld],", comma(), id, start, pages);
    put("\"plugged\":%ld,\"requested\":%ld}", pages, pages);
}

/* Node 0, and whether it has memory, and memory of a kernel zone. */
static void put_node(bool memory, bool normal)
{
    put("%s{\"node\":0,\"online\":true,\"memory\":%s,", comma(), memory ? "true" : "false");
    put("\"normal-memory\":%s}", normal ? "true" : "false");
}

/* How many items from the first on are successive numbers. */
static long run_of(const long *numbers, long count)
{
    long run = 1;
    while (run < count && numbers[run] == numbers[0] + run)
        run++;
    return run;
}

/* Witnesses of one role for pages in the order of an allocation. */
static void put_witnesses(const char *role, const long *pages, long count)
{
    for (long i = 0, run; i < count; i += run)
        put_witness(role, pages[i], run = run_of(&pages[i], count - i), -1);
}

static const char *json_blanks(const char *text) { return text + strspn(text, " \t\r"); }

/* The end of the JSON value that begins here; NULL: it is none. */
static const char *json_end(const char *text, int depth)
{
    if (*text == '"') {
        for (text++; *text && *text != '"'; text++)
            if ((unsigned char)*text < ' ' || (*text == '\\' && !*++text))
                return NULL;
        return *text ? text + 1 : NULL;
    }
    if (*text == '{' || *text == '[') {
        char close = *text == '{' ? '}' : ']';
        bool first = true;
        for (text = json_blanks(text + 1); *text != close; first = false) {
            if (!first && *text++ != ',')
                return NULL;
            text = json_blanks(text);
            if (close == '}' && (*text != '"' || !(text = json_end(text, depth)) || *(text = json_blanks(text)) != ':'))
                return NULL;
            text = json_blanks(text + (close == '}'));
            if (depth == WIRE_MOST_DEPTH || !(text = json_end(text, depth + 1)))
                return NULL;
            text = json_blanks(text);
        }
        return text + 1;
    }
    for (int i = 0; i < 3; i++) {
        static const char *const words[] = { "true", "false", "null" };
        if (strncmp(text, words[i], strlen(words[i])) == 0)
            return text + strlen(words[i]);
    }
    size_t digits = strspn(*text == '-' ? text + 1 : text, "0123456789");
    return digits ? text + (*text == '-') + digits : NULL;      /* The protocol has whole numbers only. */
}

/*
 * The values of a well-formed object's fields, by the given names; NULL: not there. How many fields it has; -1: it is
 * no object, or one of them is none of the names.
 */
static int json_fields(const char *object, int count, const char *const names[], const char *values[])
{
    int found = 0;
    memset(values, 0, (size_t)count * sizeof *values);
    if (*object != '{')
        return -1;
    for (object = json_blanks(object + 1); *object != '}'; found++) {
        const char *name = json_blanks(object + (*object == ',')), *end = json_end(name, 0);
        int field = 0;
        while (field < count && (strlen(names[field]) + 2 != (size_t)(end - name)
                                 || strncmp(name + 1, names[field], strlen(names[field])) != 0))
            field++;
        if (field == count || values[field])
            return -1;
        values[field] = json_blanks(json_blanks(end) + 1);
        object = json_blanks(json_end(values[field], 0));
    }
    return found;
}

/* The text of a JSON string, which has no escapes: nothing in a request needs one. NULL: it is none. */
static char *json_text(const char *value)
{
    const char *end = *value == '"' ? json_end(value, 0) : NULL;
    if (!end || memchr(value, '\\', (size_t)(end - value)))
        return NULL;
    char *text = grow(NULL, (size_t)(end - value));
    memcpy(text, value + 1, (size_t)(end - value) - 2);
    return text;
}

static bool is(const char *word, const char *other) { return strcmp(word, other) == 0; }

/* The value of `key=value` among words separated by blanks, as a string of its own; `otherwise` where there is none. */
static const char *word_of(const char *words, const char *key, const char *otherwise)
{
    for (const char *at = words; (at = strstr(at, key)); at++)
        if ((at == words || at[-1] == ' ') && at[strlen(key)] == '=') {
            at += strlen(key) + 1;
            char *value = grow(NULL, strcspn(at, " ") + 1);
            return memcpy(value, at, strcspn(at, " "));
        }
    return otherwise;
}

static long number_of(const char *words, const char *key, long otherwise)
{
    const char *value = word_of(words, key, NULL);
    return value ? strtol(value, NULL, 10) : otherwise;
}

/* A spec that needs no level but `core`. */
static bool is_core(const char *spec)
{
    return number_of(spec, "nodes", 1) == 1 && is(word_of(spec, "memmap-on-memory", "off"), "off")
        && !word_of(spec, "device-memory", NULL) && !word_of(spec, "balloon", NULL);
}

/* What an operation is about, taken apart: `get a3[17]`, `add d1 pages=32`. */
struct operation { const char *word, *arguments; char kind; long id, index, start, count, at; };

/* What the machine does. Each puts its reply or an error. */
struct machine {
    const char *name, *version, *levels, *visible;              /* Words, separated by blanks. */
    const char *const *words;                                   /* The operations that it has, then NULL. */
    void (*reset)(const char *spec);
    void (*execute)(const struct operation *operation);
    void (*observe)(void);
};

static void put_words(const char *field, const char *words)
{
    put(",\"%s\":[", field);
    for (; *words; words += strspn(words, " ")) {
        int length = (int)strcspn(words, " ");
        put("%s\"%.*s\"", comma(), length, words);
        words += length;
    }
    put("]");
}

static void put_hello(const struct machine *machine)
{
    put("{\"hello\":{\"protocol\":1,\"name\":\"%s\",\"version\":\"%s\"", machine->name, machine->version);
    put_words("levels", machine->levels);
    put_words("visible", machine->visible);
    put("}}");
}

static bool read_operation(const struct machine *machine, char *text, const char *range, const char *at,
                           struct operation *operation)
{
    const char *const *known = machine->words;
    char *subject = text + strcspn(text, " ");
    memset(operation, 0, sizeof *operation);
    if (*subject)
        *subject++ = '\0';
    while (*known && !is(*known, text))
        known++;
    operation->word = *known;
    operation->arguments = subject;
    if (*subject && strcspn(subject, "=") >= strcspn(subject, " ")) {   /* The first word is no argument. */
        operation->kind = *subject;
        operation->id = strtol(subject + 1, &subject, 10);
        operation->index = *subject == '[' ? strtol(subject + 1, NULL, 10) : -1;
    }
    operation->at = at ? strtol(at, NULL, 10) : -1;
    return operation->word && (!range || sscanf(range, "[%ld,%ld]", &operation->start, &operation->count) == 2);
}

/* Answers one request. False: it was the last. */
static bool answer(const struct machine *machine, const char *line, bool *stands)
{
    static const char *const requests[] = { "hello", "reset", "execute", "observe", "bye" };
    static const char *const fields[][3] = {
        { "protocol" }, { "spec" }, { "operation", "range", "at" }, { "whole" }, { NULL } };
    const char *bodies[5], *values[3] = { 0 }, *end = json_end(json_blanks(line), 0);
    struct operation operation;
    int kind = 0, count = end && !*json_blanks(end) ? json_fields(json_blanks(line), 5, requests, bodies) : -2;
    while (count == 1 && !bodies[kind])
        kind++;
    if (count != 1)
        put_error(count == -1 ? "unknown-request" : "malformed", "known: hello, reset, execute, observe, bye");
    else if (json_fields(bodies[kind], kind == 4 ? 0 : kind == 2 ? 3 : 1, fields[kind], values) < (kind != 4))
        put_error("malformed", "a field is missing, or is none of these");
    else if (kind == 0 && strtol(values[0], NULL, 10) != 1)
        put_error("version", "spoken is 1");
    else if (kind == 0)
        put_hello(machine);
    else if ((kind == 2 || kind == 3) && !*stands)
        put_error("not-reset", "there is no machine yet");
    else if ((kind == 1 || kind == 2) && !json_text(values[0]))
        put_error("malformed", "a string is missing");
    else if (kind == 2 && !read_operation(machine, json_text(values[0]), values[1], values[2], &operation))
        put_error("malformed", "no such operation");
    else if (kind == 1)
        machine->reset(json_text(values[0]));
    else if (kind == 2)
        machine->execute(&operation);
    else if (kind == 3)
        machine->observe();
    else
        put("{\"bye\":{}}");
    *stands |= kind == 1 && count == 1 && strncmp(wire_reply, "{\"reset", 7) == 0;
    return count != 1 || kind != 4 || strncmp(wire_reply, "{\"bye", 5) != 0;
}

/* Answers requests until `bye` or the end of the input. */
static void serve(const struct machine *machine)
{
    static char line[WIRE_MOST_REQUEST + 2];
    bool going = true, stands = false;
    for (int read; going && (read = read_request(line)) != 0;) {
        if (read < 0)
            put_error("too-long", "allowed are 65536 bytes");
        else
            going = answer(machine, line, &stands);
        send_reply();
    }
}

#endif
