/*
 * A small machine with memory hotplug, level core, behind the protocol of src/Hotplug.Contract/Wire/PROTOCOL.md.
 * C11, no dependencies: cc -std=c11 -O2 -o machine machine.c
 *
 * A memory block keeps an array of its pages; everything else is counted from it when it is asked for. The machine does
 * not say that it can be reset: every run is a process of its own, and nothing is ever freed.
 */
#include "wire.h"

enum { MOST_NAMES = 1 << 16 };
enum use { FREE, MOVABLE, PINNED, STUCK, KERNEL, HOLE };
enum zone { DMA, NORMAL, MOVABLE_ZONE, SPANNING, OFFLINE };
static const struct { int flags, references; } looks[] =
    { { 1, 0 }, { 4 + 256, 1 }, { 4 + 256, 2 }, { 4 + 4096, 1 }, { 4 + 8192, 1 }, { 1024, -1 } };
static const char *const zone_names[] = { "dma", "normal", "movable", "none", "none" };
static const char *const words[] = { "add", "remove", "offline-remove", "eject", "online", "online_kernel",
    "online_movable", "offline", "write-state", "write-online", "alloc", "free", "get", "put", "policy", "tick", NULL };
static const char OK[] = "ok", EINVAL[] = "EINVAL", EBUSY[] = "EBUSY";

struct page { unsigned short use, dropped; unsigned extra; long moved; };           /* extra references; from + 1 */
struct block { struct page *pages; int device; enum zone zone; const char *stale; long *memmap; };  /* none: no pages */
struct device { long start, pages, blocks; char group; };                           /* group: the word's first letter */
struct allocation { long count, *pages; bool freed; };                              /* a page given back is -1 */
struct sums { long start, end, present, early, free; };                             /* of a zone */

static struct block *blocks;
static struct device devices[MOST_NAMES];
static struct allocation allocations[MOST_NAMES];
static long block_pages, memmap_pages, block_count, dimm_first, dimm_end, ratio, most_device;
static bool auto_movable, is_61;
static const char *auto_online;

static struct page *page_at(long pfn) { return &blocks[pfn / block_pages].pages[pfn % block_pages]; }

/* What a zone counts. Of a block that spans zones the first half is DMA; a hole is at a block's end. */
static struct sums sums_of(enum zone zone)
{
    struct sums sums = { 0, 0, 0, 0, 0 };
    for (long n = 0; n < block_count; n++) {
        bool spans = blocks[n].zone == SPANNING && zone <= NORMAL;
        long first = n * block_pages + (spans && zone == NORMAL ? block_pages / 2 : 0);
        long end = n * block_pages + (spans && zone == DMA ? block_pages / 2 : block_pages);
        if (!blocks[n].pages || !(spans || blocks[n].zone == zone))
            continue;
        while (page_at(end - 1)->use == HOLE)
            end--;
        sums.start = sums.present ? sums.start : first;
        sums.end = end;
        sums.present += end - first;
        sums.early += blocks[n].device ? 0 : end - first;
        while (first < end)
            sums.free += page_at(first++)->use == FREE;
    }
    return sums;
}

static bool is_inside(long number, enum zone zone)
{
    struct sums sums = sums_of(zone);
    return sums.start < (number + 1) * block_pages && number * block_pages < sums.end;
}

static long group_pages(long device, bool movable)
{
    long pages = 0;
    for (long n = 0; n < block_count; n++)
        if (blocks[n].pages && blocks[n].device == device && blocks[n].zone != OFFLINE)
            pages += (blocks[n].zone == MOVABLE_ZONE) == movable ? block_pages : 0;
    return pages;
}

/* auto_movable_can_online_movable(): movable memory in a ratio to what was there at boot. */
static bool has_movable_room(long id)
{
    long early = sums_of(DMA).early + sums_of(NORMAL).early, own = 0;
    long movable = sums_of(MOVABLE_ZONE).present + block_pages;
    for (long other = 1; other <= most_device && ratio; other++) {
        long kernel = group_pages(other, false), theirs = group_pages(other, true);
        bool is_mine = other == id, is_static = devices[other].group == 's', is_dynamic = devices[other].group == 'd';
        if (is_mine && is_static && kernel)
            return false;
        own += is_mine && is_dynamic ? kernel : 0;
        movable += is_mine && is_static ? devices[id].pages - theirs - block_pages : 0;
        movable -= !is_mine && is_dynamic ? theirs : 0;
        early -= !is_mine && is_dynamic && theirs * 100 / ratio > kernel ? theirs * 100 / ratio - kernel : 0;
    }
    return early > 0 && movable <= ratio * (early + own) / 100;
}

static enum zone choose_zone(long number, const char *kind)
{
    enum zone kernel = is_inside(number, DMA) ? DMA : NORMAL;
    if (is(kind, "online_kernel") || is(kind, "online_movable"))
        return is(kind, "online_kernel") ? kernel : MOVABLE_ZONE;
    if (auto_movable)
        return has_movable_room(blocks[number].device) ? MOVABLE_ZONE : kernel;
    return is_inside(number, MOVABLE_ZONE) && !is_inside(number, kernel) ? MOVABLE_ZONE : kernel;
}

/* Takes whole chunks, those of kernel zones first, none of block `without`: all of them, or NULL. */
static long *take(long chunks, int order, enum use use, bool movable_too, long without)
{
    long chunk = 1L << order, count = 0, *taken;
    if (chunks > block_count * block_pages >> order)
        return NULL;
    taken = grow(NULL, (size_t)(chunks << order) * sizeof *taken);
    for (int movable = 0; movable <= movable_too; movable++)
        for (long n = 0; n < block_count; n++)
            if (n != without && blocks[n].zone != OFFLINE && (blocks[n].zone == MOVABLE_ZONE) == movable)
                for (long at = 0, run = 0; at < block_pages && count < chunks << order; at++) {
                    run = blocks[n].pages[at].use != FREE ? 0 : run && at % chunk ? run + 1 : at % chunk == 0;
                    for (long i = 0; i < chunk && run == chunk; i++)
                        taken[count++] = n * block_pages + at + 1 - chunk + i;
                }
    for (long i = 0; i < count && count == chunks << order; i++)
        page_at(taken[i])->use = (unsigned short)use;
    return count == chunks << order ? taken : NULL;
}

static void let_go(long *pfn) { *page_at(*pfn) = (struct page){ .use = FREE }; *pfn = -1; }

static const char *allocate(struct allocation *made, const char *arguments)
{
    const char *kind = word_of(arguments, "kind", "movable");
    int order = (int)number_of(arguments, "order", 0);
    enum use use = is(kind, "movable") ? MOVABLE : strstr(kind, "pinned") ? PINNED
        : is(kind, "unmigratable") ? STUCK : KERNEL;
    long chunks = ((number_of(arguments, "pages", 1) - 1) >> order) + 1;
    long *taken = take(chunks, order, use, is(kind, "movable") || is(kind, "pinned"), -1);
    if (!taken)
        return "ENOMEM";
    *made = (struct allocation){ chunks << order, taken, false };
    put_witnesses("taken", taken, made->count);
    return OK;
}

static const char *free_allocation(struct allocation *freed)
{
    if (!freed->pages || freed->freed)
        return EINVAL;
    freed->freed = true;
    for (long i = 0; i < freed->count; i++)
        if (page_at(freed->pages[i])->extra)
            page_at(freed->pages[i])->dropped = 1;
        else
            let_go(&freed->pages[i]);
    return OK;
}

static const char *get_or_put(bool get, struct allocation *of, long index)
{
    struct page *page = index < of->count && of->pages[index] >= 0 ? page_at(of->pages[index]) : NULL;
    if (!page || (!get && !page->extra))
        return EINVAL;
    page->extra += get ? 1 : -1U;
    if (page->dropped && page->extra == 0)
        let_go(&of->pages[index]);
    return OK;
}

/* offline_pages(): refuses, does not end, or moves what is movable away and commits. */
static const char *offline(long number)
{
    long base = number * block_pages, used = 0, next = 0, stuck = -1, *targets;
    bool is_busy = false;
    if (blocks[number].zone == SPANNING || page_at(base + block_pages - 1)->use == HOLE)
        return EINVAL;
    for (long pfn = base; pfn < base + block_pages && !is_busy; pfn++) {
        used += page_at(pfn)->use != FREE;
        is_busy = page_at(pfn)->use == KERNEL;
        stuck = is_busy || page_at(pfn)->use > MOVABLE || page_at(pfn)->extra ? pfn : stuck;
    }
    targets = stuck < 0 ? take(used, 0, MOVABLE, true, number) : NULL;
    if (!targets) {
        put_witness("culprit", stuck < 0 ? base : stuck, 1, -1);
        return is_busy ? EBUSY : "unfinished";
    }
    for (long a = 0; a < MOST_NAMES && next < used; a++)
        for (long i = 0; i < allocations[a].count; i++) {
            long *pfn = &allocations[a].pages[i];
            if (*pfn < base || *pfn >= base + block_pages)
                continue;
            /* A page may move twice in one operation: its first place and its last one count. */
            page_at(targets[next])->moved = page_at(*pfn)->moved ? page_at(*pfn)->moved : *pfn + 1;
            let_go(pfn);
            *pfn = targets[next++];
        }
    blocks[number].zone = OFFLINE;
    return OK;
}

static const char *online(long number, const char *kind)
{
    blocks[number].zone = choose_zone(number, kind);
    blocks[number].stale = NULL;
    return OK;
}

/* remove, offline-remove, eject: every block or none; what went offline comes back in the zone that it had. */
static const char *remove_blocks(const char *word, long first, long count)
{
    const char *answer = OK;
    if (first < dimm_first || count > dimm_end - first)
        return EINVAL;
    enum zone *zones = grow(NULL, (size_t)count * sizeof *zones);
    for (long i = 0; i < count; i++)
        if ((zones[i] = blocks[first + i].zone) != OFFLINE && is(word, "remove"))
            return EBUSY;
    for (long i = 0; i < count && answer == OK; i++)
        answer = zones[i] == OFFLINE ? OK : offline(first + i);
    for (long i = 0; i < count; i++) {
        struct block *block = &blocks[first + i];
        for (long d = 0; answer == OK && block->pages && d < memmap_pages; d++)
            let_go(&block->memmap[d]);
        devices[block->device].blocks -= answer == OK && block->pages;
        *block = answer == OK ? (struct block){ .zone = OFFLINE } : *block;
        block->zone = answer == OK ? OFFLINE : zones[i];
    }
    return answer != OK && is(word, "eject") ? EBUSY : answer;
}

static struct block make_block(int device, enum zone zone, long *memmap)
{
    return (struct block){ grow(NULL, (size_t)block_pages * sizeof(struct page)), device, zone, NULL, memmap };
}

static const char *add(int id, long at, const char *arguments)
{
    const char *memmap = word_of(arguments, "memmap", "policy");
    long pages = number_of(arguments, "pages", 0), count = pages / block_pages, run = 0;
    long first = at >= 0 ? at / block_pages : dimm_first;
    if (pages == 0 || pages % block_pages || (at >= 0 && at % block_pages) || is(memmap, "per-device")
        || (is(memmap, "per-block") && is_61))
        return EINVAL;
    for (long n = first; n >= dimm_first && n < dimm_end && run < count; n++) {
        run = blocks[n].pages ? 0 : run + 1;
        if (at >= 0 && run == 0)
            return "EEXIST";
        first = n + 1 - run;
    }
    long *descriptors = run < count ? NULL : take(count * memmap_pages, 0, KERNEL, false, -1);
    if (!descriptors)
        return run < count ? "E2BIG" : "ENOMEM";
    devices[id] = (struct device){ first * block_pages, pages, count, *word_of(arguments, "group", "static") };
    most_device = id > most_device ? id : most_device;
    for (long i = 0; i < count; i++)
        blocks[first + i] = make_block(id, OFFLINE, descriptors + i * memmap_pages);
    for (long i = 0; i < count && auto_online; i++)
        online(first + i, auto_online);
    put_witness("placed", first * block_pages, pages, -1);
    return OK;
}

static const char *write_file(const char *word, const char *value, long number)
{
    struct block *block = &blocks[number];
    bool is_online = number < block_count && block->zone != OFFLINE;
    if (number >= block_count || !block->pages)
        return "ENOENT";
    if (is(word, "write-state"))
        return is(value, "nonsense") ? EINVAL : OK;
    if (is(word, "write-online")) {
        if ((*value == '1') == is_online)
            return OK;
        word = is_online ? "offline" : block->stale ? block->stale : "online";
    }
    if (is(word, "offline") == is_online)
        return is_online ? offline(number) : online(number, word);
    block->stale = is_online ? word : block->stale;
    return EINVAL;
}

/* What the auto-online policy writes to a block's state; NULL: nothing. */
static const char *online_type(const char *policy)
{
    return strstr(policy, "offline") ? NULL : strstr(policy, "kernel") ? "online_kernel"
        : strstr(policy, "movable") ? "online_movable" : "online";
}

static const char *set_policy(const char *value)
{
    if (*value == 'm' || is(value, "auto-nonsense"))
        return *value == 'm' ? "EACCES" : EINVAL;               /* memmap_on_memory is a boot parameter. */
    auto_movable = *value == 'z' ? is(value, "zones-auto-movable") : auto_movable;
    auto_online = *value == 'a' ? online_type(value) : auto_online;
    return OK;
}

static const char *carry_out(const struct operation *o)
{
    struct allocation *allocation = &allocations[o->id < MOST_NAMES ? o->id : 0];
    const char *arguments = o->arguments;
    if (number_of(arguments, "node", 0) > 0 || o->id >= MOST_NAMES)
        return EINVAL;
    if (is(o->word, "add"))
        return add((int)o->id, o->at, arguments);
    if (is(o->word, "alloc"))
        return allocate(allocation, arguments);
    if (is(o->word, "free") || is(o->word, "get") || is(o->word, "put"))
        return is(o->word, "free") ? free_allocation(allocation) : get_or_put(is(o->word, "get"), allocation, o->index);
    if (is(o->word, "policy"))
        return set_policy(word_of(arguments, "set", ""));
    if (is(o->word, "remove") || is(o->word, "offline-remove") || is(o->word, "eject"))
        return remove_blocks(o->word, o->start / block_pages, number_of(arguments, "blocks", o->count / block_pages));
    return is(o->word, "tick") ? OK
        : write_file(o->word, word_of(arguments, "value", word_of(arguments, "text", "")), o->start / block_pages);
}

static void execute(const struct operation *o)
{
    put("{\"outcome\":{\"witness\":[");
    const char *answer = carry_out(o);
    for (long n = 0; n < block_count; n++)
        for (long i = 0, run, from; i < block_pages && blocks[n].pages; i += run) {
            struct page *page = &blocks[n].pages[i];
            for (from = page->moved, run = 0; i + run < block_pages && page[run].moved == (from ? from + run : 0);)
                page[run++].moved = 0;
            if (from)
                put_witness("migrated", n * block_pages + i, run, from - 1);
        }
    put("],\"answer\":\"%s\"}}", answer);
}

static void observe_block(long number)
{
    const struct block *block = &blocks[number];
    enum zone zone = block->zone == OFFLINE ? choose_zone(number, "online") : block->zone;
    put("%s{\"block\":%ld,\"node\":0,\"zone\":\"%s\",", comma(), number, zone_names[zone]);
    if (block->zone == OFFLINE) {
        zone = zone == MOVABLE_ZONE ? choose_zone(number, "online_kernel") : MOVABLE_ZONE;
        put("\"state\":\"offline\",\"other\":\"%s\"}", zone_names[zone]);
        return;
    }
    put("\"state\":\"online\",\"pages\":[");
    for (long i = 0, run; i < block_pages; i += run) {
        const struct page *page = &block->pages[i];
        for (run = 1; i + run < block_pages && memcmp(page, &page[run], sizeof *page) == 0;)
            run++;
        put_run(run, looks[page->use].flags, (page->dropped ? 0 : looks[page->use].references) + (int)page->extra);
    }
    put("]}");
}

static void observe(void)
{
    struct sums sums[] = { sums_of(DMA), sums_of(NORMAL), sums_of(MOVABLE_ZONE) };
    long normal = sums[DMA].present + sums[NORMAL].present, all = normal + sums[MOVABLE_ZONE].present, added = 0;
    put("{\"observation\":{\"whole\":true,\"blocks\":[");
    for (long n = 0; n < block_count; n++)
        if (blocks[n].pages)
            observe_block(n);
    put("],\"zones\":[");
    for (int z = DMA; z <= MOVABLE_ZONE; z++)
        put_zone(zone_names[z], sums[z].start, sums[z].end, sums[z].present, sums[z].present, sums[z].free);
    put("],\"devices\":[");
    for (long id = 1; id <= most_device; added += devices[id++].blocks)
        if (devices[id].blocks > 0)
            put_device(id, devices[id].start, devices[id].pages);
    put("],\"resources\":[");
    for (long n = 0; n < block_count; n++)
        if (blocks[n].pages && blocks[n].device)
            put_range(n * block_pages, block_pages);
    put("],\"nodes\":[");
    put_node(all > 0, normal > 0);
    put("],\"managed\":%ld,\"poisoned\":0,\"boot-memmap\":%ld}}", all, added * memmap_pages);
}

static void reset(const char *spec)
{
    long section = number_of(spec, "section", 0), sections = number_of(spec, "block-sections", 0);
    long boot = number_of(spec, "boot", 0), page_bytes = number_of(spec, "page-bytes", 1);
    if (section < 1 || sections < 1 || boot < 1 || !is_core(spec)) {
        put_error("refused", "this machine is one of level core");
        return;
    }
    block_pages = section * sections;
    memmap_pages = (section * number_of(spec, "descriptor-bytes", 0) + page_bytes - 1) / page_bytes * sections;
    dimm_first = number_of(spec, "dimm-first", 0);
    dimm_end = dimm_first + number_of(spec, "dimm", 0);
    block_count = dimm_end > boot ? dimm_end : boot;
    ratio = number_of(spec, "auto-movable-ratio", 0);
    auto_movable = number_of(spec, "auto-movable", 0) == 1;
    is_61 = is(word_of(spec, "dialect", ""), "linux-6.1");
    auto_online = online_type(word_of(spec, "auto-online", "offline"));
    blocks = grow(NULL, (size_t)block_count * sizeof *blocks);
    for (long n = 0; n < block_count; n++)
        blocks[n] = n < boot ? make_block(0, NORMAL, NULL) : (struct block){ .zone = OFFLINE };
    if (number_of(spec, "pc-boot", 0) == 1)
        blocks[0].zone = SPANNING;
    for (long i = 1; i <= number_of(spec, "pageblock", 1) && blocks[0].zone == SPANNING; i++)
        blocks[boot - 1].pages[block_pages - i].use = HOLE;
    put("{\"reset\":{}}");
}

int main(void)
{
    serve(&(struct machine){ "example-c", "1", "core", "blocks zones zone-start zone-free page-types references "
        "placement boot-pages devices balloons counters nodes resources owners", words, reset, execute, observe });
}
