//! The rows of memory as SSA values: what is known of each row at the current point of the function, and its loads and stores.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{ConstantData, InstBuilder, SigRef, Value, types};

use super::{Block, CodePath, Emitter, block_args, flags};
use crate::lanes::layout::{FEATURES_ROW, LABEL_ROW};
use crate::lang::Space;

/// The largest F at which loaded vectors keep their registers.
const MAX_KEPT_VECTOR: usize = 4;

/// The current values of rows that are known, and whether memory has another value.
#[derive(Clone)]
pub(super) struct Rows {
    values: Vec<Option<Value>>,
    dirty: Vec<bool>,
}

impl Rows {
    pub(super) fn new(rows: usize) -> Rows {
        Rows { values: vec![None; rows], dirty: vec![false; rows] }
    }

    /// The row has a new value, which memory does not have yet.
    pub(super) fn set(&mut self, row: usize, values: Value) {
        self.values[row] = Some(values);
        self.dirty[row] = true;
    }

    /// Memory has the value of these rows, which is not known here.
    pub(super) fn forget(&mut self, first: usize, count: usize) {
        self.values[first..first + count].fill(None);
        self.dirty[first..first + count].fill(false);
    }
}

impl Emitter<'_, '_> {
    /// Bytes of so many rows.
    fn row_bytes(&self, rows: usize) -> i32 {
        i32::try_from(rows * self.unit.tile * size_of::<f64>()).expect("MAX_ROWS of 16 lanes are below 2 GiB")
    }

    /// Bytes from the start of memory to the first of some rows that code will access. Every access to memory goes through here, so that
    /// code which would touch anything else cannot be made.
    ///
    /// # Panics
    /// If these are not rows of the layout.
    pub(super) fn row_offset(&self, first: usize, count: usize) -> i32 {
        let rows = self.unit.layout.rows();
        assert!(first + count <= rows, "access to rows {first} to {} of {rows}", first + count);
        self.row_bytes(first)
    }

    /// The address in memory of the first of some rows that will be accessed.
    pub(super) fn row_pointer(&mut self, first: usize, count: usize) -> Value {
        let offset = self.row_offset(first, count);
        self.add_constant(self.memory, offset.into())
    }

    /// A pointer moved over some rows.
    pub(super) fn after_rows(&mut self, pointer: Value, rows: usize) -> Value {
        let bytes = self.row_bytes(rows);
        self.add_constant(pointer, bytes.into())
    }

    /// The value of a row: known, or loaded now.
    pub(super) fn get(&mut self, row: usize) -> Value {
        if let Some(values) = self.rows.values[row] {
            return values;
        }
        let f = self.unit.settings.features;
        let values = match self.features {
            Some(features) if (FEATURES_ROW..FEATURES_ROW + f).contains(&row) => {
                self.load_row(features, self.row_bytes(row - FEATURES_ROW))
            }
            _ => self.load_row(self.memory, self.row_offset(row, 1)),
        };
        if self.is_kept(row) {
            self.rows.values[row] = Some(values);
        }
        values
    }

    /// Whether a row that was loaded keeps its register: there are 16, and a load beside its use costs less than spilling others.
    fn is_kept(&self, row: usize) -> bool {
        match self.facts[row].0 {
            Space::Scalar => true,
            Space::Vector => self.unit.settings.features <= MAX_KEPT_VECTOR,
            Space::Matrix => false,
        }
    }

    /// Sets an element of the output of an op that reads and writes element by element. Where it must be in memory and would not keep
    /// its register, it goes there at once.
    pub(super) fn set_element(&mut self, row: usize, values: Value) {
        if !self.is_kept(row) && self.outlives_example(row) {
            self.paths.insert(CodePath::StoredAtOnce);
            self.store_row(values, self.memory, self.row_offset(row, 1));
            self.rows.forget(row, 1);
        } else {
            self.rows.set(row, values);
        }
    }

    /// Brings memory up to date for some rows.
    pub(super) fn flush(&mut self, first: usize, count: usize) {
        for row in first..first + count {
            if let (true, Some(values)) = (self.rows.dirty[row], self.rows.values[row]) {
                self.paths.insert(CodePath::Flushed);
                self.store_row(values, self.memory, self.row_offset(row, 1));
                self.rows.dirty[row] = false;
            }
        }
    }

    /// Stores the rows whose memory is out of date, of those that are wanted.
    pub(super) fn store_dirty(&mut self, wanted: impl Fn(&Self, usize) -> bool) {
        for row in 0..self.rows.values.len() {
            if self.rows.dirty[row] && wanted(self, row) {
                self.flush(row, 1);
            }
        }
    }

    /// Stores every row whose memory is out of date on a side path: on the main path nothing has happened.
    pub(super) fn store_all_dirty_aside(&mut self) {
        let main_path = self.rows.clone();
        self.store_dirty(|_, _| true);
        self.rows = main_path;
    }

    /// Copies rows of a tile of any width.
    pub(super) fn copy_rows(&mut self, from: Value, to: Value, rows: usize) {
        self.set_rows(Some(from), to, rows);
    }

    /// Clears rows of a tile of any width.
    pub(super) fn clear_rows(&mut self, to: Value, rows: usize) {
        self.set_rows(None, to, rows);
    }

    /// Sets rows to those that lie elsewhere, or to zero.
    fn set_rows(&mut self, from: Option<Value>, to: Value, rows: usize) {
        let bytes = i64::from(self.row_bytes(rows));
        let piece = if self.unit.tile == 1 { types::F64 } else { types::F64X2 };
        let head = self.builder.create_block();
        let at = self.builder.append_block_param(head, types::I64);
        let start = self.builder.ins().iconst(types::I64, 0);
        self.jump(head, &[start]);
        self.builder.switch_to_block(head);
        let value = match from {
            Some(from) => {
                let from = self.builder.ins().iadd(from, at);
                self.builder.ins().load(piece, flags(), from, 0)
            }
            None if piece == types::F64 => self.builder.ins().f64const(0.0),
            None => self.zero(),
        };
        let to = self.builder.ins().iadd(to, at);
        self.builder.ins().store(flags(), value, to, 0);
        let next = self.add_constant(at, piece.bytes().into());
        let more = self.builder.ins().icmp_imm_u(IntCC::UnsignedLessThan, next, bytes);
        let after = self.builder.create_block();
        self.builder.ins().brif(more, head, &[next.into()], after, &[]);
        self.builder.switch_to_block(after);
    }

    /// Where an operand of so many rows lies: the example's features or label, or memory. Of features and labels no operand has more rows
    /// than there are ([`crate::plan::Plan::check`]).
    pub(super) fn base(&mut self, first: usize, count: usize) -> Value {
        match (self.features, self.label) {
            (Some(features), _) if first == FEATURES_ROW => {
                self.paths.insert(CodePath::FeaturesInPlace);
                features
            }
            (_, Some(label)) if first == LABEL_ROW => {
                self.paths.insert(CodePath::LabelInPlace);
                label
            }
            _ => self.row_pointer(first, count),
        }
    }

    /// One row of a tile of two lanes.
    pub(super) fn load_row(&mut self, pointer: Value, offset: i32) -> Value {
        self.builder.ins().load(types::F64X2, flags(), pointer, offset)
    }

    pub(super) fn store_row(&mut self, value: Value, pointer: Value, offset: i32) {
        self.builder.ins().store(flags(), value, pointer, offset);
    }

    /// A field of the frame.
    pub(super) fn load_word(&mut self, offset: i32) -> Value {
        self.builder.ins().load(types::I64, flags(), self.frame, offset)
    }

    /// A pointer in the frame, moved by some bytes.
    pub(super) fn word_plus(&mut self, offset: i32, bytes: Value) -> Value {
        let word = self.load_word(offset);
        self.builder.ins().iadd(word, bytes)
    }

    pub(super) fn add_constant(&mut self, value: Value, amount: i64) -> Value {
        self.builder.ins().iadd_imm_s(value, amount)
    }

    /// The same value in every lane.
    pub(super) fn splat(&mut self, value: f64) -> Value {
        let bytes: Vec<u8> = value.to_le_bytes().repeat(2);
        let constant = self.builder.func.dfg.constants.insert(ConstantData::from(&bytes[..]));
        self.builder.ins().vconst(types::F64X2, constant)
    }

    pub(super) fn zero(&mut self) -> Value {
        self.splat(0.0)
    }

    /// A block with parameters of the types of `values`.
    pub(super) fn block_like(&mut self, values: &[Value]) -> Block {
        let block = self.builder.create_block();
        for &value in values {
            let ty = self.builder.func.dfg.value_type(value);
            self.builder.append_block_param(block, ty);
        }
        block
    }

    pub(super) fn jump(&mut self, block: Block, values: &[Value]) {
        self.builder.ins().jump(block, &block_args(values));
    }

    /// The signature of [`super::frame::stop_training`] and [`super::frame::fail_validation`].
    pub(super) fn stop_signature(&mut self) -> SigRef {
        match self.stop_signature {
            Some(signature) => signature,
            None => {
                let signature = self.signature(&[types::I64; 3], &[types::I64]);
                *self.stop_signature.insert(signature)
            }
        }
    }

    /// The signature of a [`crate::kernel::ErrorKernel`].
    pub(super) fn error_signature(&mut self) -> SigRef {
        match self.error_signature {
            Some(signature) => signature,
            None => {
                let signature = self.signature(&[types::I64, types::I64, types::I64, types::I64, types::F64, types::I64], &[types::I64]);
                *self.error_signature.insert(signature)
            }
        }
    }

    /// The signature of a [`crate::kernel::Kernel`].
    pub(super) fn kernel_signature(&mut self) -> SigRef {
        match self.kernel_signature {
            Some(signature) => signature,
            None => {
                let signature = self.signature(&[types::I64; 6], &[]);
                *self.kernel_signature.insert(signature)
            }
        }
    }
}
