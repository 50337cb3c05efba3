import {
  Button,
  type CSSVariablesResolver,
  createTheme,
  type MantineColorsTuple,
  Menu,
  Modal,
  Popover,
  SegmentedControl,
  Switch,
  Textarea,
  TextInput,
  Tooltip,
} from '@mantine/core';
import css from './mantine.module.css';

const verdigris: MantineColorsTuple = [
  '#e4f3ee',
  '#c4e6dc',
  '#98d7c6',
  '#6cc9b3',
  '#4fb59e',
  '#2f9a85',
  '#1b7f6d',
  '#0f6b5c',
  '#0b6455',
  '#08483d',
];

const input = {
  input: css.input ?? '',
  label: css.label ?? '',
  description: css.description ?? '',
  error: css.error ?? '',
};

export const theme = createTheme({
  colors: { verdigris },
  primaryColor: 'verdigris',
  primaryShade: { light: 7, dark: 3 },
  autoContrast: true,
  defaultRadius: 'sm',
  cursorType: 'default',
  respectReducedMotion: true,
  focusRing: 'auto',
  fontFamily: 'var(--font-ui)',
  fontFamilyMonospace: 'var(--font-mono)',
  fontSizes: { xs: '11px', sm: '12px', md: '13px', lg: '15px', xl: '20px' },
  spacing: { xs: '4px', sm: '8px', md: '12px', lg: '16px', xl: '24px' },
  radius: { xs: '3px', sm: '5px', md: '8px' },
  components: {
    Button: Button.extend({
      defaultProps: { variant: 'default' },
      classNames: { root: css.button ?? '', label: css.buttonLabel ?? '', section: css.buttonSection ?? '' },
    }),
    Modal: Modal.extend({
      defaultProps: {
        centered: true,
        withCloseButton: false,
        transitionProps: { transition: 'fade', duration: 90 },
        overlayProps: { color: 'var(--scrim)', backgroundOpacity: 1 },
        padding: 0,
        shadow: 'none',
      },
      classNames: { content: css.dialog ?? '', title: css.dialogTitle ?? '', overlay: css.scrim ?? '' },
    }),
    Menu: Menu.extend({
      defaultProps: {
        transitionProps: { duration: 90 },
        shadow: 'none',
        loop: true,
        // It would be a nameless stop in the menu: the first item takes the focus instead.
        withInitialFocusPlaceholder: false,
      },
      classNames: {
        dropdown: css.dropdown ?? '',
        item: css.menuItem ?? '',
        label: css.menuLabel ?? '',
        divider: css.menuDivider ?? '',
      },
    }),
    Popover: Popover.extend({
      defaultProps: { transitionProps: { duration: 90 }, shadow: 'none' },
      classNames: { dropdown: css.dropdown ?? '' },
    }),
    TextInput: TextInput.extend({ classNames: input }),
    Textarea: Textarea.extend({ classNames: input }),
    Switch: Switch.extend({
      defaultProps: { withThumbIndicator: false },
      classNames: { track: css.track ?? '', thumb: css.thumb ?? '', label: css.switchLabel ?? '' },
    }),
    SegmentedControl: SegmentedControl.extend({
      defaultProps: { transitionDuration: 0 },
      classNames: {
        root: css.segments ?? '',
        label: css.segment ?? '',
        indicator: css.segmentOn ?? '',
        control: css.segmentControl ?? '',
      },
    }),
    Tooltip: Tooltip.extend({
      defaultProps: { openDelay: 400, multiline: true, maw: 360, withArrow: false },
      classNames: { tooltip: css.tooltip ?? '' },
    }),
  },
});

const semantic = {
  '--mantine-color-body': 'var(--wall-1)',
  '--mantine-color-text': 'var(--ink-1)',
  '--mantine-color-bright': 'var(--ink-1)',
  '--mantine-color-dimmed': 'var(--ink-3)',
  '--mantine-color-placeholder': 'var(--ink-3)',
  '--mantine-color-default': 'var(--wall-3)',
  '--mantine-color-default-hover': 'var(--wall-4)',
  '--mantine-color-default-border': 'var(--line-2)',
  '--mantine-color-default-color': 'var(--ink-1)',
  '--mantine-color-anchor': 'var(--accent)',
  // Red is for what has been ended; errors are vermilion.
  '--mantine-color-error': 'var(--strict)',
};

/** Mantine's semantic names, answered by our tokens in both schemes. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: { '--mantine-line-height': '18px', '--mantine-font-size-md': '13px' },
  dark: semantic,
  light: semantic,
});
