#include "CKernels.h"

int ck_version(void) { return CK_VERSION_MAJOR * 10000 + CK_VERSION_MINOR * 100 + CK_VERSION_PATCH; }

const char *ck_status_message(ck_status status) {
  switch (status) {
  case ck_status_ok: return "all is well";
  case ck_status_invalid_geometry:
    return "a size is negative, zero where it may not be, contradicts another or is too large";
  case ck_status_invalid_argument:
    return "an operation is unknown, a count does not match or an index is out of range";
  case ck_status_null_pointer: return "a pointer is NULL where memory is needed";
  case ck_status_misaligned: return "a pointer is not aligned as its numbers need";
  case ck_status_overlap: return "an output overlaps other memory of the call, or itself";
  case ck_status_workspace_too_small: return "the workspace, or the memory for packed weights, is too small";
  case ck_status_no_memory: return "the system has no memory for working space";
  case ck_status_unsupported: return "right, but not supported by this library";
  }
  return "not a status of this library";
}
