// What a dashboard's JSON may hold, told by the types that Grafana publishes. Theirs leave a panel's options and the
// settings of its fields open; here each panel type has its own, so that a misspelt option is found.
import type {
  Dashboard,
  DataSourceRef,
  FieldConfig,
  Panel,
  RowPanel,
} from '@grafana/schema';
import type * as BarChart from '@grafana/schema/dist/esm/raw/composable/barchart/panelcfg/x/BarChartPanelCfg_types.gen';
import type * as Stat from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type * as Table from '@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen';
import type * as TimeSeries from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';
import type * as Trend from '@grafana/schema/dist/esm/raw/composable/trend/panelcfg/x/TrendPanelCfg_types.gen';

/** A type as its value is written in JSON: an enumeration of texts is those texts. */
type Json<T> = T extends string
  ? `${T}`
  : T extends number | boolean | null | undefined
    ? T
    : T extends ReadonlyArray<infer Item>
      ? Array<Json<Item>>
      : T extends object
        ? { [Key in keyof T]: Json<T[Key]> }
        : T;

type Same = Omit<FieldConfig, 'custom'>;

/** An override sets one property of a field, or one of what the panel type adds. */
type Override<Custom> =
  | { [Key in keyof Same]-?: { id: Key; value: Json<NonNullable<Same[Key]>> } }[keyof Same]
  | {
      [Key in keyof Custom & string]-?: { id: `custom.${Key}`; value: Json<NonNullable<Custom[Key]>> };
    }[keyof Custom & string];

/** Grafana publishes no type of the query apart from its editor's sources, so that it is written out here. */
interface Query {
  refId: string;
  datasource: Required<Pick<DataSourceRef, 'type' | 'uid'>>;
  editorMode: 'code';
  format: 'table' | 'time_series';
  rawQuery: true;
  rawSql: string;
}

interface Matrix {
  id: 'groupingToMatrix';
  options: { columnField: string; rowField: string; valueField: string; emptyValue: 'null' };
}

type PanelOf<Type extends string, Options, Custom> = Json<
  Omit<Panel, 'type' | 'options' | 'fieldConfig' | 'targets' | 'transformations'>
> & {
  type: Type;
  options: Json<Options>;
  fieldConfig: {
    defaults: Json<Same> & { custom?: Json<Custom> };
    overrides: Array<{ matcher: { id: 'byName'; options: string }; properties: Array<Override<Custom>> }>;
  };
  targets: [Query];
  transformations?: Matrix[];
};

export type StatPanel = PanelOf<'stat', Stat.Options, Record<never, never>>;
export type TimeSeriesPanel = PanelOf<'timeseries', TimeSeries.Options, TimeSeries.FieldConfig>;
export type TrendPanel = PanelOf<'trend', Trend.Options, Trend.FieldConfig>;
export type BarChartPanel = PanelOf<'barchart', BarChart.Options, BarChart.FieldConfig>;
export type TablePanel = PanelOf<'table', Table.Options, Table.FieldConfig>;
export type Row = Json<RowPanel>;

/** Everything of a dashboard but its panels. */
export type Frame = Json<Omit<Dashboard, 'panels'>>;
