/*
 * helpers_hasher -- the table of the hasher: passwords, hashes as accounts may
 * have stored them, tokens.  Nothing but what fits is said to fit, and no
 * answer holds the password.
 *
 * Input: a request after the other; its kind, and what stands in it.
 */
#include "../../helpers/hasher.c"

#include "table.h"

#include <stdio.h>

#define REQUESTS 6

static char issuer[] = "https://issuer.example", word[] = "mail";
static struct helpers_conf conf = {.token_issuer = issuer,
    .token_audience = word,
    .token_scope = word,
    .token_name = word};
static const struct helper own = {.conf = &conf};
/* Of "password", quick ones. */
static const char *const hashes[] = {
    "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHRzYWx0$8cKGGRxSlh8FN+1O",
    "$y$j75$c2FsdHNhbHRzYWx0$", "$6$rounds=1000$salt$", "", "$1$salt$",
    "$argon2id$v=19$m=8,t=1,p=1$"};

static void
check(struct packet *reply)
{
	char name[WIRE_NAME_MAX];

	if (reply->length > 8 &&
	    memmem(reply->data, reply->length, "s3cret-", 7) != NULL)
		abort();
	if (reply->head.status != PACKET_OK ||
	    reply->head.type != WIRE_HASH_TOKEN)
		return;
	/* Nobody has signed any. */
	if (packet_get_u8(reply) == TOKEN_GOOD)
		abort();
	packet_get_text(reply, name, sizeof(name));
	if (packet_end(reply) == -1 || name[0] != '\0')
		abort();
}

/* A text: one that is there, and octets. */
static void
put_text(struct packet *p, const char *begin, size_t most)
{
	char text[WIRE_SASL_MAX];
	size_t length, n = strlen(begin);
	const uint8_t *octets = table_octets(most - n - 1, &length);

	memcpy(text, begin, n);
	memcpy(text + n, octets, length);
	packet_put_data(p, text, n + length);
}

/* Base64 of a header and of claims that the input has. */
static void
put_token(struct packet *p)
{
	static const char *const begins[] = {"",
	    "eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.", "eyJhbGciOiJub25lIn0.",
	    "eyJhbGciOiJFUzI1NiJ9.eyJlbWFpbCI6ImFAeC55In0."};

	put_text(p, begins[table_u8() % 4], WIRE_SASL_MAX - 1);
}

/* Whether a stored hash takes a moment: others are an administrator's, whose
 * costs have bounds of their own. */
static int
is_cheap(const struct packet *sent)
{
	char password[WIRE_PASSWORD_MAX], stored[RECORD_HASH_MAX];
	struct packet p = *sent;
	unsigned long memory, passes;

	packet_get_text(&p, password, sizeof(password));
	packet_get_text(&p, stored, sizeof(stored));
	if (strncmp(stored, "$y$", 3) == 0)
		return strncmp(stored, "$y$j75$", 7) == 0;
	if (strncmp(stored, "$6$", 3) == 0)
		return strncmp(stored, "$6$rounds=1000$", 15) == 0;
	if (sscanf(stored, "$argon2id$v=%*u$m=%lu,t=%lu", &memory, &passes) ==
	    2)
		return memory < 1000 && passes < 4;
	return 1;
}

static void
make(struct packet *p)
{
	const uint8_t kind = table_u8() % 8;

	packet_init(p, WIRE_HASH_VERIFY);
	if (kind < 3) {
		put_text(p, "s3cret-", WIRE_PASSWORD_MAX + 4);
		put_text(p, hashes[table_u8() % 6], RECORD_HASH_MAX);
	} else if (kind < 5) {
		p->head.type = WIRE_HASH_TOKEN;
		put_token(p);
	} else if (kind == 5) {
		p->head.type = WIRE_HASH_MAKE;
		put_text(p, "s3cret-", 40);
		packet_put_u8(p, table_u8() % 3);
		packet_put_u8(p, table_u8() % 16 == 0 ? 200 : 1);
		packet_put_u32(p, table_u8() % 16 == 0 ? 1 : 4096);
	} else {
		p->head.type = (uint16_t)(WIRE_HASH_VERIFY + table_u8() % 4);
		table_put_raw(p);
	}
	table_spoil(p);
	/* Raw fields of a new hash may ask for any cost. */
	if ((p->head.type == WIRE_HASH_VERIFY && !is_cheap(p)) ||
	    (p->head.type == WIRE_HASH_MAKE && kind != 5))
		p->length = 0;
}

static void
first_fiber(void *arg)
{
	int fd = table_attach(&server, ROLE_ACCOUNTS);
	struct packet p;

	(void)arg;
	for (int n = 0; n < REQUESTS && table_input.left > 0; n++) {
		make(&p);
		table_send(fd, &p, check);
	}
	table_end(fd, check);
	worker_stop();
}

/* A public key of RFC 7517 A.1, whose private one nobody has. */
static const char key_set[] =
    "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\","
    "\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\","
    "\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\"}]}";

static void
read_keys(void)
{
	char path[] = "/tmp/ringmail-fuzz-XXXXXX";
	int fd = mkstemp(path);

	if (fd == -1 ||
	    write(fd, key_set, sizeof(key_set) - 1) !=
		(ssize_t)sizeof(key_set) - 1 ||
	    (token_keys = token_load(path)) == NULL)
		abort();
	close(fd);
	unlink(path);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (token_keys == NULL)
		read_keys();
	helper = &own;
	return table_run(data, size, first_fiber);
}
