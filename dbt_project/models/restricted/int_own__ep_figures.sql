{{ config(materialized='view') }}

with post_cells as (
    {{ protected_cells(
        ref('cells_ep_establishment'), 'ep_establishment', 'own',
        ['unit_code', 'period_label', 'item', 'vacancy_fte', 'is_synthetic'], ['fte_in_cell']
    ) }}
),

engagement_cells as (
    {{ protected_cells(
        ref('cells_ep_engagements'), 'ep_engagements', 'own', ['unit_code', 'period_label', 'item', 'is_synthetic']
    ) }}
),

-- The cells say who has sent nothing; by grade they hold only what may be shown of a single authority, so the grades
-- come from what was sent.
by_grade as (
    select
        sent.unit_code,
        sent.period_label,
        sent.ep_grade,
        sum(sent.headcount) as headcount,
        sum(sent.fte) as fte,
        sum(sent.vacancy_fte) as vacancy_fte
    from {{ ref('stg_ep_workforce__establishment') }} as sent
    group by sent.unit_code, sent.period_label, sent.ep_grade
),

engagements_by_grade as (
    select unit_code, period_label, ep_grade, pay_unit, engagements from {{ ref('int_ep__engagement_groups') }}
    where ep_grade <> 'all' or pay_unit <> 'all'
),

posts as (
    select
        unit_code,
        period_label,
        'all' as ep_grade,
        protected_count as headcount,
        protected_fte_in_cell as fte,
        case when protected_status is null then vacancy_fte end as vacancy_fte,
        protected_status,
        is_synthetic
    from post_cells
    where item = 'all'
    union all
    select
        by_grade.unit_code,
        by_grade.period_label,
        by_grade.ep_grade,
        by_grade.headcount,
        by_grade.fte,
        by_grade.vacancy_fte,
        null as protected_status,
        post_cells.is_synthetic
    from by_grade
    inner join post_cells
        on
            by_grade.unit_code = post_cells.unit_code
            and by_grade.period_label = post_cells.period_label
            and post_cells.item = 'all'
),

engagements as (
    select
        unit_code,
        period_label,
        'all' as ep_grade,
        'all' as pay_unit,
        protected_count as engagements,
        protected_status,
        is_synthetic
    from engagement_cells
    where item = 'all'
    union all
    select
        engagements_by_grade.unit_code,
        engagements_by_grade.period_label,
        engagements_by_grade.ep_grade,
        engagements_by_grade.pay_unit,
        engagements_by_grade.engagements,
        null as protected_status,
        engagement_cells.is_synthetic
    from engagements_by_grade
    inner join engagement_cells
        on
            engagements_by_grade.unit_code = engagement_cells.unit_code
            and engagements_by_grade.period_label = engagement_cells.period_label
            and engagement_cells.item = 'all'
),

figures as (
    {% for column, label, unit, decimals in [
        ('headcount', 'Educational psychologists', 'headcount', 0),
        ('fte', 'Educational psychologists (FTE)', 'fte', 1),
        ('vacancy_fte', 'Vacant posts of educational psychologists (FTE)', 'fte', 1)
    ] %}
        select
            unit_code,
            period_label,
            '{{ column }}' as indicator,
            '{{ label }}' as indicator_label,
            '{{ unit }}' as indicator_unit,
            {{ decimals }} as decimals,
            {{ breakdown_of(['ep_grade']) }} as breakdown,
            ep_grade as category,
            {{ column }} as value,
            coalesce(protected_status, case when {{ column }} is null then 'x' end) as value_status,
            is_synthetic
        from posts
        union all
    {% endfor %}
    -- Vacancies as a share of all posts, filled and vacant.
    select
        unit_code,
        period_label,
        'vacancy_rate_pct' as indicator,
        'Vacancy rate of educational psychologists' as indicator_label,
        'percent' as indicator_unit,
        1 as decimals,
        {{ breakdown_of(['ep_grade']) }} as breakdown,
        ep_grade as category,
        trim_scale(round(100 * vacancy_fte / nullif(vacancy_fte + fte, 0), 4)) as value,
        case
            when protected_status is not null then protected_status
            when vacancy_fte is null or fte is null then 'x'
            when vacancy_fte + fte = 0 then 'z'
        end as value_status,
        is_synthetic
    from posts
    union all
    select
        unit_code,
        period_label,
        'agency_engagements' as indicator,
        'Engagements of agency educational psychologists' as indicator_label,
        'engagements' as indicator_unit,
        0 as decimals,
        {{ breakdown_of(['ep_grade', 'pay_unit']) }} as breakdown,
        {{ category_of(['ep_grade', 'pay_unit']) }} as category,
        engagements as value,
        protected_status as value_status,
        is_synthetic
    from engagements
),

periods as (
    select distinct period_label, period_end from {{ ref('int_ep__places') }}
),

final as (
    select
        figures.unit_code,
        'ep_workforce' as collection,
        figures.period_label,
        periods.period_end,
        figures.indicator,
        figures.indicator_label,
        figures.indicator_unit,
        figures.decimals,
        figures.breakdown,
        figures.category,
        figures.value,
        figures.value_status,
        figures.is_synthetic
    from figures
    inner join periods on figures.period_label = periods.period_label
)

select * from final
