import { isClockRead } from '../analysis/clock-reads.mjs';
import { sagaMethodOf } from '../analysis/sagas.mjs';
import { isFunction, memberName, staticText, unwrap, wrapped } from '../analysis/syntax.mjs';
import { documentation } from './documentation.mjs';
import { listOfTexts, optionsSchema } from './schemas.mjs';

/** @typedef {import('../types.mjs').Node} Node */
/** @typedef {{ timestamps: string[] }} Options */

const TIMESTAMPS = ['At$', '_at$'];
const UNDO_INPUT = 'UndoInput';
/** Lists of undos that a workflow keeps by hand. */
const UNDO_LIST = /compensat|undo|rollback/i;
const ADDS = ['push', 'unshift'];
/** What the queue of undos ends with, unless it is named otherwise. */
const COMPENSATION_QUEUE = /\.compensation$/;

/** @type {import('../types.mjs').Rule<'clock', Options>} */
export const noClockInUndo = {
  meta: {
    type: 'problem',
    docs: documentation('no-clock-in-undo', 'Forbid undos that look at the clock or draw by chance: they run at any time, and again'),
    schema: optionsSchema({
      timestamps: listOfTexts('Regular expressions: names of properties and variables that only note when an undo ran. Default: those that end in At or _at.'),
    }),
    defaultOptions: [{ timestamps: TIMESTAMPS }],
    messages: {
      clock:
        'An undo runs later than its step, perhaps days later, and perhaps more than once: `{{text}}` is another value each time. Take it from the step’s input or result, which the undo gets.',
    },
  },
  defaultOptions: [{}],
  create(context) {
    const { sourceCode } = context;
    const timestamps = (context.options[0]?.timestamps ?? TIMESTAMPS).map((pattern) => new RegExp(pattern));

    /** Whether a value only notes the time: `{ refundedAt: new Date() }`. @param {Node} node */
    function isTimestamp(node) {
      let at = wrapped(node);
      // new Date().toISOString()
      while (at.parent?.type === 'MemberExpression' && at.parent.object === at && at.parent.parent.type === 'CallExpression' && at.parent.parent.callee === at.parent) at = wrapped(at.parent.parent);
      const name = nameOfReceiver(at);
      return name !== undefined && timestamps.some((pattern) => pattern.test(name));
    }

    /** @param {Node} node */
    function check(node) {
      if (isClockRead(sourceCode, node) && isInUndo(node) && !isTimestamp(node)) context.report({ node, messageId: 'clock', data: { text: sourceCode.getText(node) } });
    }

    /** @param {Node} node */
    function isInUndo(node) {
      for (let at = node, { parent } = node; parent != null; at = parent, { parent } = parent) {
        if (isFunction(at) && (takesUndoInput(at) || isInUndoList(at) || isMethodOfUndos(at))) return true;
        if (parent.type === 'Property' && parent.value === at && memberName(parent) === 'undo' && isOptionsOfStep(parent.parent)) return true;
      }
      return false;
    }

    /** @param {Node} options */
    function isOptionsOfStep(options) {
      const call = wrapped(options).parent;
      return call?.type === 'CallExpression' && sagaMethodOf(sourceCode, call) === 'step';
    }

    return { CallExpression: check, NewExpression: check };
  },
};

/** @param {Node} value @returns {string | undefined} the name of what a value is given to */
function nameOfReceiver(value) {
  const { parent } = value;
  if (parent?.type === 'Property' && parent.value === value) return memberName(parent);
  if (parent?.type === 'VariableDeclarator' && parent.id.type === 'Identifier') return parent.id.name;
  if (parent?.type !== 'AssignmentExpression' || parent.right !== value) return undefined;
  return parent.left.type === 'MemberExpression' ? memberName(parent.left) : parent.left.type === 'Identifier' ? parent.left.name : undefined;
}

/** Whether a function takes what an undo gets: `(undo: UndoInput<Order>) => …`. @param {import('../types.mjs').FunctionNode} fn */
function takesUndoInput(fn) {
  return fn.params.some((parameter) => {
    const type = 'typeAnnotation' in parameter ? parameter.typeAnnotation?.typeAnnotation : undefined;
    if (type?.type !== 'TSTypeReference') return false;
    return type.typeName.type === 'Identifier' ? type.typeName.name === UNDO_INPUT : type.typeName.type === 'TSQualifiedName' && type.typeName.right.name === UNDO_INPUT;
  });
}

/** Whether a function is put on a list of undos: `compensations.unshift(() => …)`, also within an object. @param {Node} fn */
function isInUndoList(fn) {
  let at = wrapped(fn);
  while (at.parent?.type === 'Property' && at.parent.parent.type === 'ObjectExpression') at = wrapped(at.parent.parent);
  const call = at.parent;
  const callee = call?.type === 'CallExpression' && call.callee !== at ? unwrap(call.callee) : undefined;
  if (callee?.type !== 'MemberExpression' || !ADDS.includes(memberName(callee) ?? '')) return false;
  const list = unwrap(callee.object);
  return UNDO_LIST.test(list.type === 'Identifier' ? list.name : list.type === 'MemberExpression' ? (memberName(list) ?? '') : '');
}

/** Whether a function is a method of a class that serves a queue of undos: `@Activities({ taskQueue: 'payment.compensation' })`. @param {Node} fn */
function isMethodOfUndos(fn) {
  const method = fn.parent;
  const owner = method?.type === 'MethodDefinition' ? method.parent.parent : undefined;
  if (owner?.type !== 'ClassDeclaration' && owner?.type !== 'ClassExpression') return false;
  return owner.decorators?.some(({ expression }) => {
    const options = expression.type === 'CallExpression' ? expression.arguments[0] : undefined;
    if (options?.type !== 'ObjectExpression') return false;
    return options.properties.some((property) => property.type === 'Property' && memberName(property) === 'taskQueue' && COMPENSATION_QUEUE.test(staticText(property.value) ?? ''));
  });
}
