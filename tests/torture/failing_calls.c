// Preloaded into repro or its worker: the n-th of one system call on files below a folder fails, or
// it and all after it do. Built and driven by ./failing_calls.
//
//   FAIL_CALL=write  FAIL_AT=17  FAIL_WITH=28 (an errno)  FAIL_ON=1 (this one and all after it)
//   FAIL_BELOW=/folder  FAIL_IN=repro-worker (the program's name)  FAIL_TOLD=/file (gets a line)
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static long count_of_calls;

static int in_this_program(void) {
  static int answer = -1;
  if (answer >= 0) return answer;
  const char *wanted = getenv("FAIL_IN");
  char path[4096];
  const ssize_t size = readlink("/proc/self/exe", path, sizeof path - 1);
  path[size > 0 ? size : 0] = 0;
  const char *name = strrchr(path, '/');
  return answer = wanted && name && strcmp(name + 1, wanted) == 0;
}

static int is_below(const char *path) {
  const char *folder = getenv("FAIL_BELOW");
  if (!folder || !path) return 0;
  char full[8192];
  if (path[0] != '/') {
    if (!getcwd(full, 4096)) return 0;
    strcat(full, "/");
    strncat(full, path, 4000);
    path = full;
  }
  return strncmp(path, folder, strlen(folder)) == 0;
}

static int is_file_below(int descriptor) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  const ssize_t size = readlink(link, path, sizeof path - 1);
  if (size <= 0) return 0;
  path[size] = 0;
  return is_below(path);
}

static void tell(const char *call) {
  const char *told = getenv("FAIL_TOLD");
  const int file = told ? (int)syscall(SYS_openat, AT_FDCWD, told, O_WRONLY | O_CREAT | O_APPEND, 0644) : -1;
  if (file < 0) return;
  syscall(SYS_write, file, call, strlen(call));
  syscall(SYS_write, file, "\n", 1);
  syscall(SYS_close, file);
}

// Whether this call is to fail; errno is set then.
static int fails(const char *call) {
  const char *wanted = getenv("FAIL_CALL");
  if (!wanted || strcmp(wanted, call) != 0 || !in_this_program()) return 0;
  const long at = atol(getenv("FAIL_AT") ? getenv("FAIL_AT") : "1");
  const long now = __sync_add_and_fetch(&count_of_calls, 1);
  const int all_after = getenv("FAIL_ON") != NULL;
  if (now < at || (now > at && !all_after)) return 0;
  tell(call);
  errno = atoi(getenv("FAIL_WITH") ? getenv("FAIL_WITH") : "5");
  return 1;
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int fd, const void *data, size_t size) {
  if (is_file_below(fd) && fails("write")) return -1;
  return NEXT(write)(fd, data, size);
}
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
  if (is_file_below(fd) && fails("write")) return -1;
  return NEXT(pwrite64)(fd, data, size, at);
}
ssize_t pwrite(int fd, const void *data, size_t size, off_t at) { return pwrite64(fd, data, size, at); }
ssize_t read(int fd, void *data, size_t size) {
  if (is_file_below(fd) && fails("read")) return -1;
  return NEXT(read)(fd, data, size);
}
int fsync(int fd) {
  if (is_file_below(fd) && fails("fsync")) return -1;
  return NEXT(fsync)(fd);
}
int ftruncate64(int fd, off64_t size) {
  if (is_file_below(fd) && fails("ftruncate")) return -1;
  return NEXT(ftruncate64)(fd, size);
}
int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }
int posix_fallocate64(int fd, off64_t at, off64_t size) {
  if (is_file_below(fd) && fails("fallocate")) return errno;
  return NEXT(posix_fallocate64)(fd, at, size);
}
int posix_fallocate(int fd, off_t at, off_t size) { return posix_fallocate64(fd, at, size); }
int rename(const char *from, const char *to) {
  if (is_below(to) && fails("rename")) return -1;
  return NEXT(rename)(from, to);
}
int mkdir(const char *path, mode_t mode) {
  if (is_below(path) && fails("mkdir")) return -1;
  return NEXT(mkdir)(path, mode);
}
int unlink(const char *path) {
  if (is_below(path) && fails("unlink")) return -1;
  return NEXT(unlink)(path);
}
static int open_one(const char *path, int flags, mode_t mode) {
  if (is_below(path) && fails("open")) return -1;
  return NEXT(open64)(path, flags, mode);
}
int open(const char *path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = va_arg(more, mode_t);
  va_end(more);
  return open_one(path, flags, mode);
}
int open64(const char *path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = va_arg(more, mode_t);
  va_end(more);
  return open_one(path, flags, mode);
}
void *mmap64(void *to, size_t size, int protection, int flags, int fd, off64_t at) {
  if (fd >= 0 && is_file_below(fd) && fails("mmap")) return MAP_FAILED;
  return NEXT(mmap64)(to, size, protection, flags, fd, at);
}
void *mmap(void *to, size_t size, int protection, int flags, int fd, off_t at) {
  return mmap64(to, size, protection, flags, fd, at);
}
