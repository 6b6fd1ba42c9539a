/*
 * store_faults -- bugs and faults that are planted under the store, by the
 * linker (--wrap), so that the product knows nothing of them.
 */
#ifndef STORE_FAULTS_H
#define STORE_FAULTS_H

/*
 * Plants one; plant is
 *	no-sync		fdatasync does nothing
 *	no-folder-sync	fsync of a folder does nothing
 *	early		calls confirm before each fdatasync
 *	short		no write takes more than 700 octets
 *	memory:N	the allocation number N, and no other, finds no memory
 * Returns 0, or -1 where it knows no such plant.
 */
int store_faults_plant(const char *plant, void (*confirm)(void));

#endif
