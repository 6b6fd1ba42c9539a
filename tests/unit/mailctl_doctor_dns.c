/*
 * Tests of mailctl/doctor_dns.c: what it makes of a resolver's answers, which a
 * thread gives here.
 */
#include "../../mailctl/doctor_parts.h"
#include "packet.h"
#include "resolver.h"
#include "wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "answering.h"
#include "printed.h"
#include <cmocka.h>

#define HOST "mx.example.org"

static const struct record {
	const char *name;
	enum resolver_type type;
	const char *text;
	enum resolver_result result;
} records[] = {{HOST, RESOLVER_A, "192.0.2.1", RESOLVER_FOUND},
    {HOST, RESOLVER_A, "192.0.2.2", RESOLVER_FOUND},
    {HOST, RESOLVER_AAAA, "2001:db8::1a", RESOLVER_FOUND},
    {"1.2.0.192.in-addr.arpa", RESOLVER_PTR, "MX.example.org.", RESOLVER_FOUND},
    {"2.2.0.192.in-addr.arpa", RESOLVER_PTR, "dsl.example.net", RESOLVER_FOUND},
    {"a.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa",
	RESOLVER_PTR, HOST, RESOLVER_FOUND},
    {"ours.test", RESOLVER_MX, "other.test", RESOLVER_FOUND},
    {"ours.test", RESOLVER_MX, HOST, RESOLVER_FOUND},
    {"ours.test", RESOLVER_TXT, "a=b", RESOLVER_FOUND},
    {"ours.test", RESOLVER_TXT, "V=SPF1 mx -all", RESOLVER_FOUND},
    {"away.test", RESOLVER_MX, "mx.example.org.net", RESOLVER_FOUND},
    {"away.test", RESOLVER_TXT, "v=spf1", RESOLVER_FOUND},
    {"away.test", RESOLVER_TXT, "v=spf1 -all", RESOLVER_FOUND},
    {"bare.test", RESOLVER_TXT, "v=spf10 -all", RESOLVER_FOUND},
    {"slow.test", RESOLVER_MX, NULL, RESOLVER_TEMPORARY},
    {"slow.test", RESOLVER_TXT, NULL, RESOLVER_TEMPORARY},
    {"slow.test", RESOLVER_A, NULL, RESOLVER_TEMPORARY},
    {"slow.test", RESOLVER_AAAA, NULL, RESOLVER_TEMPORARY},
    {"lies.test", RESOLVER_A, NULL, RESOLVER_BOGUS}};
#define RECORDS (sizeof(records) / sizeof(records[0]))

static struct doctor d;
static int breaks; /* answers that nobody can read */

static void
answer(struct packet *q, struct packet *reply)
{
	enum resolver_result result = RESOLVER_NONE;
	char name[256];
	uint32_t type, count = 0;
	int i;

	packet_get_text(q, name, sizeof(name));
	type = packet_get_u32(q);
	packet_put_u8(reply, 0);
	packet_put_u8(reply, 0);
	packet_put_u32(reply, 60);
	packet_put_u32(reply, breaks ? 1000 : 0);
	for (i = 0; i < (int)RECORDS; i++) {
		if (records[i].type != type ||
		    strcmp(records[i].name, name) != 0)
			continue;
		result = records[i].result;
		if (records[i].text == NULL)
			continue;
		packet_put_u32(reply, 10 + count++);
		packet_put_text(reply, records[i].text);
	}
	reply->data[0] = (unsigned char)result;
	if (!breaks)
		packet_set_u32(reply, 6, count);
}

/* Shows it a domain, or, where it is NULL, the host; what was said. */
static const char *
look_at(const char *host, const char *domain, int result)
{
	const int fd = answering_begin(answer);

	assert_int_not_equal(fd, -1);
	d = (struct doctor){.area = "dns"};
	strcpy(d.hostname, host);
	assert_int_equal(printed_begin(), 0);
	if (domain != NULL)
		doctor_dns_domain(&d, fd, domain);
	else
		result -= doctor_dns_host(&d, fd);
	printed_end();
	answering_end();
	assert_int_equal(result, 0);
	return printed.text;
}

static void
check(const char *text, unsigned good, unsigned notes, unsigned warnings,
    unsigned errors)
{
	assert_non_null(strstr(printed.text, text));
	assert_int_equal(d.counts[DOCTOR_GOOD], good);
	assert_int_equal(d.counts[DOCTOR_NOTE], notes);
	assert_int_equal(d.counts[DOCTOR_WARN], warnings);
	assert_int_equal(d.counts[DOCTOR_ERROR], errors);
}

static void
the_host_and_its_addresses(void **state)
{
	(void)state;
	look_at(HOST, NULL, 0);
	check("mx.example.org has 3 addresses in DNS", 3, 0, 1, 0);
	assert_non_null(
	    strstr(printed.text, "192.0.2.1 is called mx.example.org"));
	assert_non_null(strstr(printed.text,
	    "192.0.2.2 is called dsl.example.net, not mx.example.org"));
	assert_non_null(
	    strstr(printed.text, "2001:db8::1a is called mx.example.org"));
	look_at("none.test", NULL, 0);
	check("none.test has no address in DNS", 0, 0, 0, 1);
	look_at("lies.test", NULL, 0);
	check("are not what DNSSEC signed", 0, 0, 0, 2);
	look_at("slow.test", NULL, -1);
	check("DNS gives no answer", 0, 0, 0, 1);
}

static void
domains(void **state)
{
	(void)state;
	look_at(HOST, "ours.test", 0);
	check("mail for ours.test comes here (MX 11)", 2, 0, 0, 0);
	assert_non_null(strstr(printed.text, "ours.test has an SPF record"));
	look_at(HOST, "away.test", 0);
	check("away.test goes to mx.example.org.net, not to mx.example.org", 0,
	    0, 2, 0);
	assert_non_null(strstr(printed.text, "away.test has 2 SPF records"));
	look_at(HOST, "bare.test", 0);
	check("bare.test has no MX record", 0, 1, 1, 0);
	assert_non_null(strstr(printed.text, "bare.test has no SPF record"));
	look_at(HOST, "slow.test", 0);
	check("the MX of slow.test could not be asked for", 0, 1, 0, 0);
}

static void
answers_that_can_not_be_read(void **state)
{
	(void)state;
	breaks = 1;
	look_at(HOST, "ours.test", 0);
	breaks = 0;
	check("the MX of ours.test could not be asked for", 0, 1, 0, 0);
	assert_non_null(
	    strstr(printed.text, "the helper's answer can't be read"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_host_and_its_addresses),
	    cmocka_unit_test(domains),
	    cmocka_unit_test(answers_that_can_not_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
