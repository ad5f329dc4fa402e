// The Python side: buffers in and out; the GIL is released while masks are worked on.
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include "noises.hpp"

namespace {
using namespace native;

// A view of a buffer, given back at the end.
class View {
  public:
    View() = default;
    ~View() { PyBuffer_Release(&buffer_); }
    View(const View &) = delete;
    View &operator=(const View &) = delete;

    bool open(PyObject *object, bool writable = false) {
        return PyObject_GetBuffer(object, &buffer_, writable ? PyBUF_WRITABLE : PyBUF_SIMPLE) == 0;
    }
    // With as many items as the array is said to have.
    bool open(PyObject *object, Py_ssize_t items, Py_ssize_t item_size, bool writable = false) {
        if (!open(object, writable)) return false;
        if (buffer_.len == items * item_size) return true;
        PyErr_Format(PyExc_ValueError, "an array of %zd bytes, expected %zd", buffer_.len,
                     items * item_size);
        return false;
    }
    template <class Item>
    Item *as() const {
        return static_cast<Item *>(buffer_.buf);
    }
    Py_ssize_t size() const { return buffer_.len; }

  private:
    Py_buffer buffer_{};
};

struct Chunk {
    Py_ssize_t count = 0, noises = 0;
    std::vector<View> segmentations;
    View sizes, distances, kinds, struck, reals, wholes;  // in
    View figures, ious, outcomes, done;                   // out
    std::vector<std::string> counts;

    explicit Chunk(Py_ssize_t annotations)
        : count(annotations), segmentations(annotations), counts(annotations) {}

    bool open(PyObject *const *arrays) {
        if (!kinds.open(arrays[2])) return false;
        noises = kinds.size();
        for (Py_ssize_t k = 0; k < noises; k++) {
            if (kinds.as<std::uint8_t>()[k] > static_cast<std::uint8_t>(Kind::resize)) {
                PyErr_SetString(PyExc_ValueError, "a kind of noise that the kernel does not know");
                return false;
            }
        }
        const Py_ssize_t all = noises * count;
        return sizes.open(arrays[0], 2 * count, 4) && distances.open(arrays[1], count, 4) &&
               struck.open(arrays[3], all, 1) && reals.open(arrays[4], all, 8) &&
               wholes.open(arrays[5], all, 8) && figures.open(arrays[6], 10 * count, 8, true) &&
               ious.open(arrays[7], 2 * count, 8, true) && outcomes.open(arrays[8], all, 1, true) &&
               done.open(arrays[9], count, 1, true);
    }

    void run() {
        constexpr int most = 1 << 20;  // px
        Workspace work;
        Result result;
        std::vector<Noise> own(noises);
        for (Py_ssize_t i = 0; i < count; i++) {
            const char *text = segmentations[i].as<const char>();
            bool small = text && distances.as<int>()[i] >= 0 && distances.as<int>()[i] <= most;
            for (Py_ssize_t k = 0; k < noises; k++) {
                own[k] = {kinds.as<Kind>()[k], reals.as<double>()[i * noises + k],
                          wholes.as<std::int64_t>()[i * noises + k]};
                const bool sized = own[k].kind != Kind::resize ||
                                   (own[k].whole >= -most && own[k].whole <= most);
                small = small && sized && std::isfinite(own[k].real);
            }
            if (!small) continue;  // no recipe asks for it
            const int *size = sizes.as<int>() + 2 * i;
            const Annotation annotation{text, text + segmentations[i].size(), {size[0], size[1]},
                                        distances.as<int>()[i]};
            const std::uint8_t *hits = struck.as<std::uint8_t>() + i * noises;
            std::uint8_t *found = outcomes.as<std::uint8_t>() + i * noises;
            if (!noise_mask(annotation, own, hits, found, work, result)) continue;
            const Box &clean = result.clean.box, &noisy = result.noisy.box;
            const std::int64_t numbers[] = {
                result.clean.area, clean.x, clean.y, clean.width, clean.height,
                result.noisy.area, noisy.x, noisy.y, noisy.width, noisy.height};
            std::copy_n(numbers, 10, figures.as<std::int64_t>() + 10 * i);
            ious.as<double>()[2 * i] = result.iou;
            ious.as<double>()[2 * i + 1] = result.boundary_iou;
            done.as<std::uint8_t>()[i] = 1;
            counts[i] = result.counts;
        }
    }
};

// The counts of masks that were done, None for the others.
PyObject *listed(const Chunk &chunk) {
    PyObject *list = PyList_New(chunk.count);
    for (Py_ssize_t i = 0; list && i < chunk.count; i++) {
        const std::string &text = chunk.counts[i];
        const auto length = static_cast<Py_ssize_t>(text.size());
        PyObject *item = chunk.done.as<std::uint8_t>()[i]
                             ? PyBytes_FromStringAndSize(text.data(), length)
                             : Py_NewRef(Py_None);
        if (!item) {
            Py_DECREF(list);
            return nullptr;
        }
        PyList_SET_ITEM(list, i, item);
    }
    return list;
}

PyObject *noise_masks(PyObject *, PyObject *const *arguments, Py_ssize_t count) {
    if (count != 11) return PyErr_Format(PyExc_TypeError, "%zd arguments, expected 11", count);
    PyObject *given = arguments[0];
    if (!PyList_Check(given)) return PyErr_Format(PyExc_TypeError, "expected a list");
    try {
        Chunk chunk(PyList_GET_SIZE(given));
        for (Py_ssize_t i = 0; i < chunk.count; i++) {
            PyObject *segmentation = PyList_GET_ITEM(given, i);
            if (segmentation != Py_None && !chunk.segmentations[i].open(segmentation))
                return nullptr;
        }
        if (!chunk.open(arguments + 1)) return nullptr;
        bool enough = true;
        Py_BEGIN_ALLOW_THREADS;
        try {
            chunk.run();
        } catch (const std::exception &) {  // there is no other cause
            enough = false;
        }
        Py_END_ALLOW_THREADS;
        return enough ? listed(chunk) : PyErr_NoMemory();
    } catch (const std::exception &) {
        return PyErr_NoMemory();
    }
}

PyMethodDef methods[] = {
    {"noise_masks", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(noise_masks)),
     METH_FASTCALL, "Noise the masks of a chunk; see `benchmark_n.noise.native`."},
    {nullptr, nullptr, 0, nullptr},
};

PyModuleDef definition = {PyModuleDef_HEAD_INIT, "kernel", "The noises of masks in C++.", 0, methods,
                          nullptr, nullptr, nullptr, nullptr};
}  // namespace

PyMODINIT_FUNC PyInit_kernel() { return PyModule_Create(&definition); }
