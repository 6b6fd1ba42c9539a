/* What DNS says of this host and its domains, as the resolver helper tells. */
#include "doctor_parts.h"

#include "client.h"
#include "packet.h"
#include "resolver.h"
#include "wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* ms that one answer may take; domains that are looked at. */
#define PATIENCE_MS 5000
#define DOMAINS	    20

/* An answer of the resolver. */
struct answer {
	enum resolver_result result;
	uint32_t count;
	struct resolver_record records[RESOLVER_RECORDS];
};

static void
take_answer(struct packet *reply, struct answer *a)
{
	a->result = packet_get_u8(reply);
	(void)packet_get_u8(reply);
	(void)packet_get_u32(reply);
	a->count = packet_get_u32(reply);
	if (a->count > RESOLVER_RECORDS)
		reply->error = EBADMSG;
	for (uint32_t i = 0; i < a->count && reply->error == 0; i++) {
		a->records[i].preference = (uint16_t)packet_get_u32(reply);
		packet_get_text(
		    reply, a->records[i].text, sizeof(a->records[i].text));
	}
	if (client_end(reply) != CLIENT_OK || a->result > RESOLVER_TEMPORARY) {
		a->result = RESOLVER_TEMPORARY;
		a->count = 0;
	}
}

/* Asks; without an answer it is RESOLVER_TEMPORARY. */
static void
look_up(int fd, const char *name, enum resolver_type type, struct answer *a)
{
	struct packet request, reply;

	a->result = RESOLVER_TEMPORARY;
	a->count = 0;
	packet_init(&request, WIRE_RESOLVE);
	packet_init(&reply, 0);
	packet_put_text(&request, name);
	packet_put_u32(&request, type);
	packet_put_u64(&request, PATIENCE_MS);
	if (client_ask(fd, &request, &reply) == CLIENT_OK &&
	    reply.head.status == PACKET_OK)
		take_answer(&reply, a);
	packet_free(&request);
	packet_free(&reply);
}

/* Without the dot at its end, and whatever the case. */
static int
is_same_name(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b);

	n -= n > 0 && a[n - 1] == '.';
	m -= m > 0 && b[m - 1] == '.';
	return n == m && strncasecmp(a, b, n) == 0;
}

/* RFC 1035 3.5, RFC 3596 2.5: the name that has an address's PTR. */
static int
reverse_name(const char *address, char *to, size_t size)
{
	unsigned char o[16];
	size_t at = 0;

	if (inet_pton(AF_INET, address, o) == 1) {
		snprintf(to, size, "%u.%u.%u.%u.in-addr.arpa", o[3], o[2], o[1],
		    o[0]);
		return 0;
	}
	if (inet_pton(AF_INET6, address, o) != 1)
		return -1;
	for (int i = 15; i >= 0; i--)
		at += (size_t)snprintf(
		    to + at, size - at, "%x.%x.", o[i] & 0xfU, o[i] >> 4U);
	snprintf(to + at, size - at, "ip6.arpa");
	return 0;
}

static void
check_pointer(struct doctor *d, int fd, const char *address)
{
	static struct answer a;
	char name[128];

	if (reverse_name(address, name, sizeof(name)) == -1)
		return;
	look_up(fd, name, RESOLVER_PTR, &a);
	for (uint32_t i = 0; i < a.count; i++)
		if (is_same_name(a.records[i].text, d->hostname)) {
			doctor_say(d, DOCTOR_GOOD, NULL, "%s is called %s",
			    address, d->hostname);
			return;
		}
	if (a.result == RESOLVER_TEMPORARY)
		doctor_say(d, DOCTOR_NOTE, NULL,
		    "the name of %s could not be asked for", address);
	else
		doctor_say(d, DOCTOR_WARN,
		    "have your provider set the PTR record: many servers "
		    "take no mail from an address that is called otherwise",
		    "%s is called %s, not %s", address,
		    a.count > 0 ? a.records[0].text : "nothing", d->hostname);
}

/* The host's addresses, and what they are called. */
int
doctor_dns_host(struct doctor *d, int fd)
{
	static struct answer four, six;

	look_up(fd, d->hostname, RESOLVER_A, &four);
	look_up(fd, d->hostname, RESOLVER_AAAA, &six);
	if (four.result == RESOLVER_TEMPORARY &&
	    six.result == RESOLVER_TEMPORARY) {
		doctor_say(d, DOCTOR_ERROR,
		    "see resolver { servers } of helpers.conf, "
		    "/etc/resolv.conf, and the log of the resolver",
		    "DNS gives no answer");
		return -1;
	}
	if (four.result == RESOLVER_BOGUS || six.result == RESOLVER_BOGUS)
		doctor_say(d, DOCTOR_ERROR, "mend the zone's DNSSEC",
		    "the answers about %s are not what DNSSEC signed",
		    d->hostname);
	if (four.count + six.count == 0)
		doctor_say(d, DOCTOR_ERROR,
		    "give it an A record (and AAAA), or set hostname in "
		    "smtpd.conf",
		    "%s has no address in DNS", d->hostname);
	else
		doctor_say(d, DOCTOR_GOOD, NULL, "%s has %u addresses in DNS",
		    d->hostname, four.count + six.count);
	for (uint32_t i = 0; i < four.count; i++)
		check_pointer(d, fd, four.records[i].text);
	for (uint32_t i = 0; i < six.count; i++)
		check_pointer(d, fd, six.records[i].text);
	return 0;
}

/* RFC 5321 5.1 */
static void
check_mx(struct doctor *d, int fd, const char *domain)
{
	static struct answer a;

	look_up(fd, domain, RESOLVER_MX, &a);
	for (uint32_t i = 0; i < a.count; i++)
		if (is_same_name(a.records[i].text, d->hostname)) {
			doctor_say(d, DOCTOR_GOOD, NULL,
			    "mail for %s comes here (MX %u)", domain,
			    a.records[i].preference);
			return;
		}
	if (a.result == RESOLVER_TEMPORARY)
		doctor_say(d, DOCTOR_NOTE, NULL,
		    "the MX of %s could not be asked for", domain);
	else if (a.count == 0)
		doctor_say(d, DOCTOR_WARN,
		    "add to its zone: MX 10 and this host's name",
		    "%s has no MX record", domain);
	else
		doctor_say(d, DOCTOR_WARN,
		    "set the MX to this host once mail shall come here, or "
		    "set hostname",
		    "mail for %s goes to %s, not to %s", domain,
		    a.records[0].text, d->hostname);
}

/* RFC 7208 3: one TXT record that begins with v=spf1. */
static void
check_spf(struct doctor *d, int fd, const char *domain)
{
	static struct answer a;
	unsigned count = 0;

	look_up(fd, domain, RESOLVER_TXT, &a);
	if (a.result == RESOLVER_TEMPORARY)
		return;
	for (uint32_t i = 0; i < a.count; i++)
		if (strncasecmp(a.records[i].text, "v=spf1", 6) == 0 &&
		    (a.records[i].text[6] == ' ' ||
			a.records[i].text[6] == '\0'))
			count++;
	if (count == 1)
		doctor_say(
		    d, DOCTOR_GOOD, NULL, "%s has an SPF record", domain);
	else if (count == 0)
		doctor_say(d, DOCTOR_NOTE,
		    "if its mail leaves from here: TXT \"v=spf1 mx -all\"",
		    "%s has no SPF record: others can't tell who may send "
		    "as it",
		    domain);
	else
		doctor_say(d, DOCTOR_WARN, "join them into one",
		    "%s has %u SPF records, which is as none (RFC 7208 4.5)",
		    domain, count);
}

void
doctor_dns_domain(struct doctor *d, int fd, const char *domain)
{
	check_mx(d, fd, domain);
	check_spf(d, fd, domain);
}

/* The first domains of accounts; how many there are on its first page, or -1
 * where it does not tell. */
static long
find_domains(const struct doctor *d, char (*domains)[WIRE_NAME_MAX])
{
	char run[CONF_DUMP_VALUE_MAX], path[CONF_DUMP_VALUE_MAX + 32];
	struct packet request, reply;
	long count = -1;
	int fd;

	doctor_value(d, DOCTOR_HELPERS, "run", run, sizeof(run));
	snprintf(path, sizeof(path), "%s/admin/accounts", run);
	if (client_connect(path, &fd) != CLIENT_OK)
		return -1;
	packet_init(&request, WIRE_DOMAIN_LIST);
	packet_init(&reply, 0);
	packet_put_text(&request, "");
	if (client_call(fd, &request, &reply) == CLIENT_OK)
		count = packet_get_u32(&reply);
	for (long i = 0; i < count && i < DOMAINS; i++)
		packet_get_text(&reply, domains[i], WIRE_NAME_MAX);
	if (reply.error != 0)
		count = -1;
	packet_free(&request);
	packet_free(&reply);
	close(fd);
	return count;
}

static void
check_domains(struct doctor *d, int fd)
{
	static char domains[DOMAINS][WIRE_NAME_MAX];
	long count = find_domains(d, domains);

	if (count == -1)
		doctor_say(d, DOCTOR_ERROR, "see the helpers' log",
		    "accounts does not tell which domains there are");
	if (count == 0)
		doctor_say(d, DOCTOR_WARN, "mailctl domain add DOMAIN",
		    "there is no domain yet: no mail is taken");
	for (long i = 0; i < count && i < DOMAINS; i++)
		doctor_dns_domain(d, fd, domains[i]);
	if (count > DOMAINS)
		doctor_say(d, DOCTOR_NOTE, NULL,
		    "only the first %d domains were looked at", DOMAINS);
}

void
doctor_dns(struct doctor *d)
{
	char run[CONF_DUMP_VALUE_MAX], path[CONF_DUMP_VALUE_MAX + 32];
	int fd;

	if (strchr(d->hostname, '.') == NULL)
		doctor_say(d, DOCTOR_ERROR,
		    "set hostname in smtpd.conf to the full name that DNS "
		    "knows",
		    "this host is called \"%s\", without a domain",
		    d->hostname);
	doctor_value(d, DOCTOR_HELPERS, "run", run, sizeof(run));
	if (run[0] == '\0' || doctor_pid(d, DOCTOR_HELPERS) == 0) {
		doctor_say(d, DOCTOR_NOTE, "start the helpers first",
		    "DNS can't be asked: the resolver does not run");
		return;
	}
	/* The resolver of smtpd, so that it is asked as smtpd asks. */
	snprintf(path, sizeof(path), "%s/smtpd/resolver", run);
	if (client_connect(path, &fd) != CLIENT_OK) {
		doctor_say(
		    d, DOCTOR_WARN, "run doctor as root", "DNS can't be asked");
		return;
	}
	if (doctor_dns_host(d, fd) == 0)
		check_domains(d, fd);
	close(fd);
}
