/* Tickets are good once and for their time; tokens only as they were sealed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../helpers/mailbox_proof.h"

#include "clock.h"

#include <stdio.h>
#include <string.h>

static const unsigned char key[32] = "a key of thirty-two octets, here";

static struct mailbox_proof
make_proof(const char *name)
{
	struct mailbox_proof p;

	memset(&p, 0, sizeof(p));
	snprintf(p.name, sizeof(p.name), "%s", name);
	snprintf(p.owner.path, sizeof(p.owner.path), "example.org/%s", name);
	p.owner.uid = 1234;
	p.owner.gid = 5678;
	p.owner.quota = UINT64_C(1) << 40;
	return p;
}

static void
test_ticket_once(void **state)
{
	unsigned char ticket[WIRE_TICKET_SIZE] = "0123456789abcdef";
	struct mailbox_proof p = make_proof("a"), got;

	(void)state;
	mailbox_proof_add(ticket, &p, clock_after(CLOCK_SECOND));
	ticket[15] ^= 1;
	assert_int_equal(mailbox_proof_take(ticket, &got), -1);
	ticket[15] ^= 1;
	assert_int_equal(mailbox_proof_take(ticket, &got), 0);
	assert_string_equal(got.name, "a");
	assert_int_equal(got.owner.uid, 1234);
	assert_int_equal(mailbox_proof_take(ticket, &got), -1);
}

static void
test_ticket_expires(void **state)
{
	unsigned char ticket[WIRE_TICKET_SIZE] = "expires";
	struct mailbox_proof p = make_proof("a"), got;

	(void)state;
	mailbox_proof_add(ticket, &p, clock_now() - 1);
	assert_int_equal(mailbox_proof_take(ticket, &got), -1);
	/* What was never added, and all zeros, are none. */
	memset(ticket, 0, sizeof(ticket));
	assert_int_equal(mailbox_proof_take(ticket, &got), -1);
}

static void
test_fresh_tickets(void **state)
{
	unsigned char ticket[WIRE_TICKET_SIZE] = "fresh";
	struct mailbox_proof p = make_proof("a"), got;

	(void)state;
	assert_int_equal(mailbox_proof_fresh(), 0);
	mailbox_proof_add(ticket, &p, clock_after(60 * CLOCK_SECOND));
	assert_int_equal(mailbox_proof_fresh(), 1);
	assert_int_equal(mailbox_proof_take(ticket, &got), 0);
	assert_int_equal(mailbox_proof_fresh(), 0);
}

static void
test_tickets_are_bounded(void **state)
{
	unsigned char ticket[WIRE_TICKET_SIZE] = "bounded";
	struct mailbox_proof p = make_proof("a"), got;
	unsigned i, found = 0;

	(void)state;
	for (i = 0; i < 100; i++) {
		ticket[8] = (unsigned char)i;
		mailbox_proof_add(
		    ticket, &p, clock_after(CLOCK_SECOND * (int64_t)(i + 1)));
	}
	for (i = 0; i < 100; i++) {
		ticket[8] = (unsigned char)i;
		if (mailbox_proof_take(ticket, &got) == 0) {
			assert_true(i >= 92);
			found++;
		}
	}
	assert_int_equal(found, 8);
}

static void
test_token(void **state)
{
	unsigned char token[WIRE_RESUME_MAX];
	struct mailbox_proof p = make_proof("user@example.org"), got;
	size_t n = mailbox_proof_seal(token, &p, 2), i;

	(void)state;
	assert_true(n > WIRE_TICKET_SIZE);
	assert_int_equal(mailbox_proof_unseal(token, n, 2, &got), 0);
	assert_memory_equal(&got, &p, sizeof(p));
	assert_int_equal(mailbox_proof_unseal(token, n, 1, &got), -1);
	for (i = 0; i < n; i++) {
		assert_int_equal(mailbox_proof_unseal(token, i, 2, &got), -1);
		token[i] ^= 0x10;
		assert_int_equal(mailbox_proof_unseal(token, n, 2, &got), -1);
		token[i] ^= 0x10;
	}
}

static void
test_token_of_long_names(void **state)
{
	unsigned char token[WIRE_RESUME_MAX];
	struct mailbox_proof p = make_proof("a"), got;
	size_t n;

	(void)state;
	memset(p.name, 'n', 250);
	memset(p.owner.path, 'p', 250);
	n = mailbox_proof_seal(token, &p, 2);
	assert_int_not_equal(n, 0);
	assert_int_equal(mailbox_proof_unseal(token, n, 2, &got), 0);
	memset(p.name, 'n', WIRE_NAME_MAX - 1);
	memset(p.owner.path, 'p', OWNER_PATH_MAX - 1);
	assert_int_equal(mailbox_proof_seal(token, &p, 2), 0);
}

static int
setup(void **state)
{
	(void)state;
	mailbox_proof_setup(key);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_ticket_once),
	    cmocka_unit_test(test_ticket_expires),
	    cmocka_unit_test(test_fresh_tickets),
	    cmocka_unit_test(test_tickets_are_bounded),
	    cmocka_unit_test(test_token),
	    cmocka_unit_test(test_token_of_long_names),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
