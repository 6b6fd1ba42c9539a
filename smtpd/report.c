#include "report.h"

#include "dsn.h"
#include "mailbox.h"
#include "session.h"
#include "text.h"
#include "trace.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

int
report_is_for(const struct recipient *r)
{
	return (r->notify & DSN_SUCCESS) != 0 && r->result == MAILBOX_OK;
}

static void
add_head(struct text *t, const struct report *r, const char *date)
{
	text_add(t,
	    "Return-Path: <>\n"
	    "From: Mail Delivery System <postmaster@%s>\n"
	    "To: <%s>\n"
	    "Subject: Delivered\n"
	    "Date: %s\n"
	    "Message-ID: <%016" PRIx64 "@%s>\n"
	    "Auto-Submitted: auto-replied\n"
	    "MIME-Version: 1.0\n"
	    "Content-Type: multipart/report; report-type=delivery-status;\n"
	    "\tboundary=\"=_%016" PRIx64 "\"\n\n",
	    r->hostname, r->to, date, r->id, r->hostname, r->id);
}

static void
begin_part(struct text *t, const struct report *r, const char *type)
{
	text_add(t, "--=_%016" PRIx64 "\nContent-Type: %s\n%s\n", r->id, type,
	    r->is_utf8 ? "Content-Transfer-Encoding: 8bit\n" : "");
}

/* For people: RFC 3464 2, the first part. */
static void
add_words(struct text *t, const struct report *r)
{
	begin_part(t, r,
	    r->is_utf8 ? "text/plain; charset=utf-8"
		       : "text/plain; charset=us-ascii");
	text_add(t, "Your message was delivered to:\n\n");
	for (unsigned i = 0; i < r->count; i++)
		if (report_is_for(&r->list[i]))
			text_add(t, "  <%s>\n", r->list[i].path);
	text_add(t, "\n");
}

/* RFC 3464 2.3.1: the address that the sender gave. */
static void
add_original(struct text *t, const char *orcpt)
{
	const char *semicolon = strchr(orcpt, ';');
	char address[DSN_ORCPT_MAX + 1];

	if (semicolon != NULL &&
	    dsn_decode(semicolon + 1, address, sizeof(address)) != -1)
		text_add(t, "Original-Recipient: %.*s;%s\n",
		    (int)(semicolon - orcpt), orcpt, address);
}

/* RFC 3464 2.2, 2.3 */
static void
add_status(struct text *t, const struct report *r)
{
	char date[TRACE_DATE_MAX], envid[DSN_ENVID_MAX + 1];
	const char *type = r->is_utf8 ? "utf-8" : "rfc822";

	begin_part(t, r,
	    r->is_utf8 ? "message/global-delivery-status"
		       : "message/delivery-status");
	if (r->envid != NULL &&
	    dsn_decode(r->envid, envid, sizeof(envid)) != -1)
		text_add(t, "Original-Envelope-Id: %s\n", envid);
	text_add(t, "Reporting-MTA: dns; %s\n", r->hostname);
	if (trace_date(r->arrived, date) == 0)
		text_add(t, "Arrival-Date: %s\n", date);
	for (unsigned i = 0; i < r->count; i++) {
		if (!report_is_for(&r->list[i]))
			continue;
		text_add(t, "\n");
		if (r->list[i].orcpt != NULL)
			add_original(t, r->list[i].orcpt);
		text_add(t,
		    "Final-Recipient: %s; %s\n"
		    "Action: delivered\n"
		    "Status: 2.0.0\n",
		    type, r->list[i].path);
	}
	text_add(t, "\n");
}

/* RFC 3461 6.2: a note of success brings back the header and no more. */
static void
add_header(struct text *t, const struct report *r)
{
	begin_part(t, r,
	    r->is_utf8 ? "message/global-headers" : "text/rfc822-headers");
	text_add_octets(t, r->header, r->header_length);
	text_add(t, "\n--=_%016" PRIx64 "--\n", r->id);
}

size_t
report_write(const struct report *r, char *to, size_t size, uint64_t *lines)
{
	struct text t = {.at = to, .size = size};
	char date[TRACE_DATE_MAX];

	if (trace_date(r->time, date) == -1)
		return 0;
	add_head(&t, r, date);
	add_words(&t, r);
	add_status(&t, r);
	add_header(&t, r);
	if (t.length >= size)
		return 0;
	*lines = 0;
	for (size_t i = 0; i < t.length; i++)
		*lines += to[i] == '\n';
	return t.length;
}
