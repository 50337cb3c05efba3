import { Modal, type ModalProps } from '@mantine/core';

/** A dialog with a name for those who do not see it. Mantine's own `aria-label` would name the box around it. */
export function Dialog(props: Omit<ModalProps, 'title' | 'aria-label'> & { 'aria-label': string }) {
  const { 'aria-label': name, ...rest } = props;
  return <Modal {...rest} attributes={{ content: { 'aria-label': name } }} />;
}
