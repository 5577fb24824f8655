/* The kernels of split/ with emulated tiles, for any machine. */
#include "split/split.h"
#include "emulated_tiles.h"
#define CK_LANES 4
#define CK_BF16 0
#define CK_SPLIT_NAME ck_split_emulated_portable
#include "base/vector_math.h"
#include "split/vectors.h"
#include "split/kernels_body.h"
