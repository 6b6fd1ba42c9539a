/*
 * helpers_resolver -- the table of the resolver, with answers of DNS as the
 * input has them, in the place of libunbound's: what comes back is bounded,
 * printable text.
 *
 * Input: a request after the other; its kind, what stands in it, and what DNS
 * says to it.
 */
#include <unbound.h>

/* The target's own, in the place of libunbound's. */
#define ub_resolve_async fake_resolve
#define ub_resolve_free	 fake_free
#define ub_cancel	 fake_cancel

static int fake_resolve(struct ub_ctx *ctx, const char *name, int type,
    int class, void *arg, ub_callback_type done, int *id);
static void fake_free(struct ub_result *result);
static int fake_cancel(struct ub_ctx *ctx, int id);

#include "../../helpers/resolver.c"

#include "table.h"

#define RECORDS (RESOLVER_RECORDS + 3)

/* One answer; libunbound gives each of its own. */
struct fake {
	struct ub_result result;
	char *data[RECORDS + 1];
	int lengths[RECORDS];
};

static const uint16_t types[] = {
    RESOLVER_A, RESOLVER_PTR, RESOLVER_MX, RESOLVER_TXT, RESOLVER_AAAA, 0};
static uint32_t asked_type;

static int
fake_cancel(struct ub_ctx *ctx, int id)
{
	(void)ctx;
	(void)id;
	abort(); /* answers are there at once */
}

static void
fake_free(struct ub_result *result)
{
	struct fake *f = (struct fake *)(void *)result;

	if (f == NULL)
		return;
	for (int i = 0; f->data[i] != NULL; i++)
		free(f->data[i]);
	free(f);
}

/* Copies of exact size, so that a read behind their end is found. */
static void
fill(struct fake *f, unsigned count)
{
	const uint8_t *octets;
	size_t length;

	for (unsigned i = 0; i < count; i++) {
		octets = table_octets(600, &length);
		if ((f->data[i] = malloc(length + 1)) == NULL)
			abort();
		f->data[i] = realloc(f->data[i], length > 0 ? length : 1);
		memcpy(f->data[i], octets, length);
		f->lengths[i] = (int)length;
	}
}

static int
fake_resolve(struct ub_ctx *ctx, const char *name, int type, int class,
    void *arg, ub_callback_type done, int *id)
{
	const uint8_t how = table_u8();
	struct fake *f = calloc(1, sizeof(*f));

	(void)ctx;
	(void)name;
	(void)type;
	(void)class;
	if (f == NULL)
		abort();
	*id = 1;
	f->result.data = f->data;
	f->result.len = f->lengths;
	f->result.havedata = how != 1;
	f->result.bogus = how == 2;
	f->result.nxdomain = how == 3;
	f->result.rcode = how == 4 ? table_u8() : 0;
	f->result.secure = how % 2;
	f->result.ttl = (int)table_u32();
	if (how == 5) {
		free(f);
		return UB_SYNTAX;
	}
	fill(f, table_u8() % (RECORDS + 1));
	done(arg, how == 6 ? UB_SERVFAIL : UB_NOERROR, &f->result);
	return UB_NOERROR;
}

static void
check(struct packet *reply)
{
	char text[RESOLVER_TEXT + 1];
	uint32_t records;
	uint8_t verdict;

	if (reply->head.status != PACKET_OK)
		return;
	verdict = packet_get_u8(reply);
	if (packet_get_u8(reply) > 1)
		abort();
	packet_get_u32(reply);
	records = packet_get_u32(reply);
	if (records > RESOLVER_RECORDS ||
	    (verdict == RESOLVER_FOUND) != (records > 0))
		abort();
	for (uint32_t i = 0; i < records; i++) {
		packet_get_u32(reply);
		packet_get_text(reply, text, sizeof(text));
		for (size_t k = 0; text[k] != '\0'; k++)
			if ((unsigned char)text[k] < ' ' || text[k] >= 0x7f)
				abort();
	}
	if (packet_end(reply) == -1)
		abort();
}

/* A server that may be asked for, on a port where nobody is; or another one. */
static void
make_dial(struct packet *p)
{
	packet_init(p, WIRE_DIAL);
	if (table_u8() % 4 == 0)
		packet_put_text(p, "127.0.0.1");
	else
		table_put_octets(p, NAME_SIZE + 4);
	packet_put_u32(p, table_u8() % 3);
	packet_put_u64(p, table_u32());
	table_spoil(p);
}

static void
make(struct packet *p)
{
	const uint8_t kind = table_u8();

	if (kind > 200 && kind <= 220) {
		make_dial(p);
		return;
	}
	packet_init(p, WIRE_RESOLVE);
	if (kind > 220) {
		table_put_raw(p);
		return;
	}
	table_put_octets(p, NAME_SIZE + 4);
	asked_type = types[kind % (sizeof(types) / sizeof(types[0]))];
	packet_put_u32(p, asked_type);
	packet_put_u64(p, table_u32());
	table_spoil(p);
}

static void
first_fiber(void *arg)
{
	static char nobody[] = "127.0.0.1:1";
	static char *items[] = {nobody};
	static const struct conf_list servers = {items, 1};
	int fd = table_attach(&server, ROLE_POP3D);
	struct packet p;

	(void)arg;
	resolver_dial_allow(&servers, look_up);
	for (int n = 0; n < TABLE_REQUESTS && table_input.left > 0; n++) {
		make(&p);
		table_send(fd, &p, check);
	}
	table_end(fd, check);
	if (queries != 0)
		abort();
	worker_stop();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return table_run(data, size, first_fiber);
}
