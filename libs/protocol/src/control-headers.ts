/** On answers of a replica that serves no calls now, since it is stopping: nothing was done, and another replica may be asked. */
export const CONTROL_DECLINED_HEADER = 'x-backstitch-declined';
