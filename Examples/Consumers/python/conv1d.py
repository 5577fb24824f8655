"""A convolution and its gradients from numpy: python3 conv1d.py LIBCKERNELS.so"""
import ctypes, sys
import numpy as np

ck = ctypes.CDLL(sys.argv[1])
ck.ck_status_message.restype = ctypes.c_char_p
class Geometry(ctypes.Structure):
    _fields_ = [(name, ctypes.c_ssize_t) for name in (
        "batch input_frames input_channels output_channels kernel_size stride dilation groups pad_left pad_right").split()]
class Signal(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("channels", ctypes.c_ssize_t),
                ("frame_stride", ctypes.c_ssize_t), ("batch_stride", ctypes.c_ssize_t)]
def signal(a): return Signal(a.ctypes.data, a.shape[2], a.shape[2], a.shape[1] * a.shape[2])
def pointer(a): return ctypes.c_void_p(a.ctypes.data)
def check(status):
    if status: raise ValueError(ck.ck_status_message(status).decode())

def conv1d(x, w):
    """x [batch, frames, channels], w [kernel, channels, filters] -> y, and a function from y's cotangent to x's and w's."""
    g = Geometry(x.shape[0], x.shape[1], x.shape[2], w.shape[2], w.shape[0], 1, 1, 1, 0, 0)
    y = np.empty((x.shape[0], x.shape[1] - w.shape[0] + 1, w.shape[2]), np.float32)
    check(ck.ck_conv1d(None, ctypes.byref(g), ctypes.c_ssize_t(1), ctypes.byref(signal(x)), pointer(w), None, pointer(y)))
    def pullback(dy):
        dx, dw = np.empty_like(x), np.empty_like(w)
        check(ck.ck_conv1d_input_gradient(None, ctypes.byref(g), pointer(dy), pointer(w), ctypes.c_ssize_t(1), ctypes.byref(signal(dx))))
        check(ck.ck_conv1d_weight_gradient(None, ctypes.byref(g), ctypes.c_ssize_t(1), ctypes.byref(signal(x)), pointer(dy), pointer(dw)))
        return dx, dw
    return y, pullback

random = np.random.default_rng(1)
x, w = random.normal(size=(2, 100, 3)).astype(np.float32), random.normal(size=(5, 3, 4)).astype(np.float32)
y, pullback = conv1d(x, w)
windows = np.lib.stride_tricks.sliding_window_view(x.astype(np.float64), 5, axis=1)  # [batch, frames, channels, kernel]
assert np.allclose(y, np.einsum("btik,kio->bto", windows, w), atol=1e-4)
dy = random.normal(size=y.shape).astype(np.float32)
dx, dw = pullback(dy)
assert np.allclose(dw, np.einsum("btik,bto->kio", windows, dy), atol=1e-3)
assert np.isclose(np.vdot(dx, x), np.vdot(dy, y), rtol=1e-3)  # the adjoint of what y is
try: conv1d(x[:, :0], w[:0])
except ValueError as refused: print("refused:", refused)
print("a convolution and its gradients agree with numpy")
