-- One row per figure and calendar month between the first and the last of the series: whether the mart has its row,
-- and whether a figure is missing between two that are there.
with bounds as (
    select
        site,
        min(month) as first_month,
        max(month) as last_month
    from marts_candidate.mart_lswc__monthly
    group by site
),

calendar as (
    select
        bounds.site,
        kpis.kpi,
        kpis.kpi_label,
        series.month::date as month
    from bounds
    cross join reference.lswc_kpis as kpis
    cross join lateral generate_series(bounds.first_month, bounds.last_month, interval '1 month') as series (month)
),

figures as (
    select
        site,
        kpi,
        min(month) filter (where value is not null) as first_figure,
        max(month) filter (where value is not null) as last_figure
    from marts_candidate.mart_lswc__monthly
    group by site, kpi
),

final as (
    select
        calendar.kpi,
        calendar.kpi_label || ' ' || to_char(calendar.month, 'FMMonth YYYY') as place,
        count(monthly.month) as mart_rows,
        count(*) filter (
            where
            monthly.value is null
            and calendar.month > figures.first_figure
            and calendar.month < figures.last_figure
        ) as missing_inside
    from calendar
    left join figures on calendar.site = figures.site and calendar.kpi = figures.kpi
    left join marts_candidate.mart_lswc__monthly as monthly
        on calendar.site = monthly.site and calendar.kpi = monthly.kpi and calendar.month = monthly.month
    group by calendar.kpi, calendar.kpi_label, calendar.month
)

select * from final
order by kpi, place
