/*
 * super_old -- children that a parent had before it became another program by
 * exec: they finish what they have begun, are not started again, and end with
 * the parent at the latest.
 */
#ifndef SUPER_OLD_H
#define SUPER_OLD_H

#include <sys/types.h>

#define SUPER_OLD_MAX 32

/* 0; -1 with errno: ECHILD where it is none of ours, ENOSPC for one too many.
 */
int super_old_add(pid_t pid);

/* Whether it is one of them. */
int super_old_has(pid_t pid);

/* Who is to be told of each that has ended. */
void super_old_watch(void (*ended)(pid_t pid));

/* It has ended: whether it was one of them. */
int super_old_remove(pid_t pid);

/* Sends a signal (0: none) to all; how many there are. */
unsigned super_old_signal(int number);

/* Their pids between blanks, to text[size]; how many there are. */
unsigned super_old_list(char *text, size_t size);

#endif
