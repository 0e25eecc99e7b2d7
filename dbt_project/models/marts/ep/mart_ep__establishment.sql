with cells as (
    {{ protected_cells(
        ref('cells_ep_establishment'), 'ep_establishment', 'members',
        columns=['unit_code', 'period_label', 'item', 'vacancy_fte', 'count_status'],
        measures=['fte_in_cell']
    ) }}
),

places as (
    select * from {{ ref('int_ep__places') }}
    where record = 'establishment'
),

grades as (
    select ep_grade, ep_grade_label, ep_grade_order from {{ ref('ep_grades') }}
    union all
    select 'all' as ep_grade, 'All grades' as ep_grade_label, 0 as ep_grade_order
),

final as (
    select
        places.unit_code,
        places.unit_name,
        places.unit_level,
        places.period_label,
        places.calendar_label,
        places.period_start,
        places.period_end,
        grades.ep_grade,
        grades.ep_grade_label,
        grades.ep_grade_order::integer as ep_grade_order,
        cells.protected_count as headcount,
        cells.protected_status as headcount_status,
        cells.protected_fte_in_cell as fte,
        cells.protected_status as fte_status,
        cells.vacancy_fte,
        cells.count_status as vacancy_fte_status,
        -- Vacancies as a share of all posts, filled and vacant.
        {{ share_pct('cells.vacancy_fte', '(cells.vacancy_fte + cells.protected_fte_in_cell)') }} as vacancy_rate_pct,
        {{ share_status(
            'cells.count_status', 'cells.protected_status', '(cells.vacancy_fte + cells.protected_fte_in_cell)'
        ) }} as vacancy_rate_status,
        places.units_counted,
        places.units_expected,
        {{ coverage_label('places.units_counted', 'places.units_expected') }} as coverage_label,
        places.is_synthetic
    from cells
    inner join places on cells.unit_code = places.unit_code and cells.period_label = places.period_label
    inner join grades on cells.item = grades.ep_grade
)

select * from final
