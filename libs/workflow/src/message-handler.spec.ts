import { describe, expect, it } from '@jest/globals';
import { isReservedName } from './message-handler.js';

describe('names of messages', () => {
  it('given names of the runtime, when workflow code wants one, then it is reserved, whatever the kind', () => {
    for (const name of ['__stack_trace', '__enhanced_stack_trace', '__temporal_any', '__backstitch_paused']) {
      for (const kind of ['signal', 'query', 'update'] as const) expect(isReservedName(kind, name)).toBe(true);
    }
    expect(isReservedName('signal', 'approve')).toBe(false);
  });

  it('given a message of a package that Temporal makes for its SDK, when it is of its kind, then it is that package’s; of another kind it is reserved', () => {
    expect(isReservedName('signal', '__temporal_workflow_stream_publish')).toBe(false);
    expect(isReservedName('update', '__temporal_workflow_stream_poll')).toBe(false);
    expect(isReservedName('query', '__temporal_workflow_stream_offset')).toBe(false);
    expect(isReservedName('query', '__temporal_workflow_stream_publish')).toBe(true);
  });
});
